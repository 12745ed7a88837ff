"""The server's own certificate turns under its callers."""

import json
import logging
import os
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import crypto

from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.core.events import LOGGER, LoggingReporter
from sender_constraint.core.thumbprints import certificate_thumbprint
from sender_constraint.tls.front import RETRY_SECONDS, TLSFront
from sender_constraint.tls.limits import Limits
from tests.sender_constraint.tls.certificates import authority, leaf
from tests.sender_constraint.tls.running import Server, get


def served(server: Server) -> str:
    with server.tls() as connection:
        return certificate_thumbprint(connection.getpeercert(binary_form=True) or b"")


def test_a_new_generation_serves_new_connections_and_the_old_one_its_own(own_server: Server) -> None:
    old = own_server.store.current().thumbprint
    connection = own_server.http()
    try:
        get(connection)
        new = own_server.publish_generation().thumbprint
        assert new != old
        assert served(own_server) == new
        get(connection)
        assert isinstance(connection.sock, ssl.SSLSocket)
        still = connection.sock.getpeercert(binary_form=True) or b""
        assert certificate_thumbprint(still) == old
    finally:
        connection.close()
    assert [each["outcome"] for each in own_server.events("tls.generation")] == ["accepted"]


def test_a_bad_generation_is_recorded_once_and_the_last_good_one_serves(own_server: Server) -> None:
    good = own_server.store.current()
    bad = Path(good.directory).with_name("99991231T000000.000000Z-bad")
    bad.mkdir()
    other = leaf("localhost", own_server.authority, ExtendedKeyUsageOID.SERVER_AUTH)
    (bad / "certificate.pem").write_bytes(good.certificate.public_bytes(Encoding.PEM))
    (bad / "generation.json").write_bytes((good.directory / "generation.json").read_bytes())
    with open(bad / "private-key.pem", "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as key:
        key.write(other.key_pem)
    point_at(own_server, bad.name)

    assert served(own_server) == good.thumbprint
    assert served(own_server) == good.thumbprint
    (event,) = own_server.events("tls.generation")
    assert (event["outcome"], event["rule"]) == ("refused", "tls.generation")
    assert event["detail"]["generation"] == bad.name
    assert "is not the key of the certificate" in event["detail"]["reason"]

    repaired = own_server.publish_generation().thumbprint
    assert served(own_server) == repaired


def test_a_generation_that_could_not_be_read_for_a_moment_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    issuer, store, now = authority(), GenerationStore(tmp_path / "server"), [0.0]

    def publish() -> Generation:
        server = leaf("localhost", issuer, ExtendedKeyUsageOID.SERVER_AUTH)
        return store.publish(server.key_pem, server.chain_pem, datetime.now(UTC))

    old = publish()
    caplog.set_level(logging.INFO, LOGGER)
    front = TLSFront(store, LoggingReporter("example"), Limits(), monotonic=lambda: now[0])
    new = publish()
    unreadable = new.private_key_path.rename(new.directory / "elsewhere")

    assert thumbprint_served_by(front) == old.thumbprint
    unreadable.rename(new.private_key_path)
    assert thumbprint_served_by(front) == old.thumbprint
    now[0] += RETRY_SECONDS
    assert thumbprint_served_by(front) == new.thumbprint
    outcomes = [json.loads(each)["outcome"] for each in caplog.messages]
    assert outcomes == ["refused", "accepted"]


def test_a_server_that_starts_with_a_broken_generation_serves_the_last_good_one(tmp_path: Path) -> None:
    issuer, store = authority(), GenerationStore(tmp_path / "server")
    for _ in range(2):
        server = leaf("localhost", issuer, ExtendedKeyUsageOID.SERVER_AUTH)
        store.publish(server.key_pem, server.chain_pem, datetime.now(UTC))
    broken = store.current()
    broken.private_key_path.chmod(0o644)

    front = TLSFront(store, LoggingReporter("example"), Limits())

    assert thumbprint_served_by(front) == store.last_good().thumbprint != broken.thumbprint
    repaired = leaf("localhost", issuer, ExtendedKeyUsageOID.SERVER_AUTH)
    new = store.publish(repaired.key_pem, repaired.chain_pem, datetime.now(UTC))
    assert thumbprint_served_by(front) == new.thumbprint


def thumbprint_served_by(front: TLSFront) -> str:
    """By the context that the next connection gets."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        served = front.wrap_socket(ours)._connection.get_certificate()
    assert served is not None
    return certificate_thumbprint(crypto.dump_certificate(crypto.FILETYPE_ASN1, served))


def point_at(server: Server, generation: str) -> None:
    link = server.store.path / "next"
    link.symlink_to(f"generations/{generation}")
    link.replace(server.store.path / "current")
