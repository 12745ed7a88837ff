"""The server's own certificate turns under its callers."""

import os
import ssl
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from sender_constraint.thumbprints import certificate_thumbprint
from tests.sender_constraint.server.certificates import leaf
from tests.sender_constraint.server.running import Server, get


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


def point_at(server: Server, generation: str) -> None:
    link = server.store.path / "next"
    link.symlink_to(f"generations/{generation}")
    link.replace(server.store.path / "current")
