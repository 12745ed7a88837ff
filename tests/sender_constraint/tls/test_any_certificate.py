"""TLS acceptance is not authentication: any certificate reaches the application, and none too."""

import socket
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from sender_constraint.tls.handshake import MAX_PRESENTED_BYTES
from tests.sender_constraint.tls.certificates import Identity, authority, leaf
from tests.sender_constraint.tls.running import Server
from workshop.forgery import mismatched_key

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def presenting(
    server: Server, identity: Identity, directory: Path, version: ssl.TLSVersion, key_pem: bytes | None = None
) -> ssl.SSLContext:
    context = server.trust()
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(*identity.write(directory, key_pem))
    return context


def client_certificate(issuer: Identity | None, ends: timedelta = timedelta(days=1)) -> Identity:
    return leaf("client", issuer, ExtendedKeyUsageOID.CLIENT_AUTH, ends)


def call(raw: socket.socket, context: ssl.SSLContext) -> bytes:
    """A handshake and a request: in TLS 1.3 the client hears of a refusal only when it reads."""
    with context.wrap_socket(raw, server_hostname="localhost") as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return connection.recv(1)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "identity",
    [
        pytest.param(client_certificate(authority()), id="of an unknown authority"),
        pytest.param(client_certificate(None), id="self-signed"),
        pytest.param(client_certificate(authority(), -timedelta(days=1)), id="expired"),
        pytest.param(leaf("client", authority(), ExtendedKeyUsageOID.SERVER_AUTH), id="for servers"),
        pytest.param(authority(), id="of an authority"),
    ],
)
def test_any_certificate_reaches_the_application(
    server: Server, tmp_path: Path, version: ssl.TLSVersion, identity: Identity
) -> None:
    seen = server.get(context=presenting(server, identity, tmp_path, version))
    expected = [identity.thumbprint] + ([identity.issuer.thumbprint] if identity.issuer else [])
    assert seen["thumbprints"] == expected
    assert seen["scheme"] == "https"


@pytest.mark.parametrize("version", VERSIONS)
def test_no_certificate_reaches_the_application_too(server: Server, version: ssl.TLSVersion) -> None:
    context = server.trust()
    context.minimum_version = context.maximum_version = version
    assert server.get(context=context)["thumbprints"] == []


@pytest.mark.parametrize(
    "version",
    [
        pytest.param(ssl.TLSVersion.TLSv1_3, marks=pytest.mark.clause("RFC 8446 §4.4.3")),
        pytest.param(ssl.TLSVersion.TLSv1_2, marks=pytest.mark.clause("RFC 5246 §7.4.8")),
    ],
)
def test_a_certificate_without_its_key_is_refused_by_tls_and_recorded(
    server: Server, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    victim = client_certificate(authority())
    assert server.get(context=presenting(server, victim, tmp_path, version))["thumbprints"]

    stolen = presenting(server, victim, tmp_path, version, mismatched_key(victim.certificate))
    with server.tcp() as raw:
        address = raw.getsockname()
        with pytest.raises(ssl.SSLError, match=r"(?i)decrypt.error"):
            call(raw, stolen)

    event = server.event_of("tls.handshake", address)
    assert (event["outcome"], event["rule"], event["section"], event["error"]) == (
        "refused",
        "tls.possession",
        "RFC 8446 §4.4.3",
        "decrypt_error",
    )
    assert event["detail"] == {"reason": "bad signature", "tls": version.name.replace("_", ".", 1)}


def test_a_needlessly_long_chain_is_refused(server: Server, tmp_path: Path) -> None:
    identity = client_certificate(authority())
    certificate, key = identity.write(tmp_path)
    certificate.write_bytes(identity.certificate_pem + identity.issuer.certificate_pem * 10)  # type: ignore[union-attr]
    context = server.trust()
    context.load_cert_chain(certificate, key)
    with server.tls(context) as connection:
        address = connection.getsockname()
        event = server.event_of("tls.handshake", address)
    assert event["rule"] == "tls.chain-length"
    assert event["detail"] == {"expected": "10 certificates", "presented": 11}


@pytest.mark.clause("RFC 8446 §4.4.2")
def test_a_chain_of_needlessly_many_bytes_is_refused(server: Server, tmp_path: Path) -> None:
    identity = large_certificate(MAX_PRESENTED_BYTES)
    context = server.trust()
    context.load_cert_chain(*identity.write(tmp_path))
    with server.tls(context) as connection:
        address = connection.getsockname()
        event = server.event_of("tls.handshake", address)
    assert event["rule"] == "tls.chain-length"
    assert event["detail"]["expected"] == "32768 bytes"


def test_a_chain_of_fewer_bytes_reaches_the_application(server: Server, tmp_path: Path) -> None:
    identity = large_certificate(MAX_PRESENTED_BYTES - 2000)
    context = server.trust()
    context.load_cert_chain(*identity.write(tmp_path))
    assert server.get(context=context)["thumbprints"] == [identity.thumbprint]


def large_certificate(size: int) -> Identity:
    """A certificate of ``size`` bytes and some hundred more."""
    return leaf("client", None, ExtendedKeyUsageOID.CLIENT_AUTH, noise=bytes(size))
