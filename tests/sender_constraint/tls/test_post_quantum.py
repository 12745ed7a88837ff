"""A client certificate with a post-quantum key (ML-DSA, FIPS 204): what changes for a bound token.

RFC 8705 §3.1 hashes the whole certificate, whatever its key is. The handshake proves possession by ML-DSA's
signature (draft-ietf-tls-mldsa).
"""

import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL

from sender_constraint.core.certificate_checks import MAX_CERTIFICATE_BYTES
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.thumbprints import certificate_thumbprint
from sender_constraint.resource_server.binding_certificate import verify_binding_certificate
from tests.sender_constraint.pki import make_scheme
from tests.sender_constraint.statuses import Statuses
from tests.sender_constraint.tls.certificates import leaf
from tests.sender_constraint.tls.running import Server

PATIENCE_SECONDS = 10
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def ml_dsa_certificate(folder: Path) -> tuple[x509.Certificate, Path, Path]:
    """A self-made certificate, and the files of it and of its key."""
    key = MLDSA44PrivateKey.generate()
    name = x509.Name.from_rfc4514_string("CN=client")
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, None)
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, *files


def call(server: Server, certificate: Path, key: Path) -> tuple[dict[str, list[str]], int]:
    """What the server saw, and the bytes that the handshake and a request took towards it.

    By OpenSSL itself: Python's ssl brings an older one along, which knows no ML-DSA.
    """
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.use_certificate_file(str(certificate))
    context.use_privatekey_file(str(key))
    connection = SSL.Connection(context)
    connection.set_connect_state()
    sent = 0
    with server.tcp() as raw:
        raw.settimeout(PATIENCE_SECONDS)
        while True:
            try:
                connection.do_handshake()
                break
            except SSL.WantReadError:
                sent += _flush(connection, raw)
                connection.bio_write(raw.recv(65536))
        connection.sendall(REQUEST)
        sent += _flush(connection, raw)
        answer = b""
        while b'"thumbprints"' not in answer or not answer.rstrip().endswith(b"}"):
            try:
                answer += connection.recv(65536)
            except SSL.WantReadError:
                connection.bio_write(raw.recv(65536))
    return json.loads(answer.partition(b"\r\n\r\n")[2]), sent


def _flush(connection: SSL.Connection, raw: socket.socket) -> int:
    sent = 0
    while True:
        try:
            data = connection.bio_read(65536)
        except SSL.WantReadError:
            return sent
        raw.sendall(data)
        sent += len(data)


@pytest.mark.clause("RFC 8705 §3.1")
def test_a_post_quantum_certificate_binds_by_as_many_bytes_and_costs_thousands_in_the_handshake(
    server: Server, tmp_path: Path
) -> None:
    post_quantum, *files = ml_dsa_certificate(tmp_path)
    der = post_quantum.public_bytes(Encoding.DER)
    seen, sent = call(server, *files)
    assert seen["thumbprints"] == [certificate_thumbprint(der)]

    (tmp_path / "today").mkdir()
    today = leaf("client", None, ExtendedKeyUsageOID.CLIENT_AUTH)
    seen_today, sent_today = call(server, *today.write(tmp_path / "today"))
    assert seen_today["thumbprints"] == [today.thumbprint]
    assert len(today.thumbprint) == len(certificate_thumbprint(der)) == 43
    assert 5_000 < sent - sent_today < 8_000


@pytest.mark.clause("RFC 8705 §3.1")
def test_a_post_quantum_certificate_of_ones_own_binds_a_token(tmp_path: Path) -> None:
    certificate, *_ = ml_dsa_certificate(tmp_path)
    der = certificate.public_bytes(Encoding.DER)
    assert len(der) < MAX_CERTIFICATE_BYTES
    verified = verify_binding_certificate(
        [der],
        make_scheme().anchors,
        Statuses(),
        datetime.now(UTC),
        InvalidToken,
        accept_foreign="self-signed",
    )
    assert verified.thumbprint == certificate_thumbprint(der)
