"""The three TLS servers staple what the authority says of them, and openssl agrees with it."""

import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from sender_constraint.certificates.generations import GenerationStore
from tests.stapled import Stapled, stapled
from tests.waiting import eventually
from workshop.environment.deployment import Deployment

SERVERS = ("ca", "authserver", "bank_api")


def port_of(deployment: Deployment, server: str) -> int:
    origins = {"ca": deployment.ca_url, "authserver": deployment.issuer, "bank_api": deployment.api_url}
    return urlsplit(origins[server]).port or 443


def openssl(*arguments: object) -> str:
    command = ["openssl", *map(str, arguments)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20
    )
    return done.stdout + done.stderr


@pytest.mark.clause("RFC 6066 §8")
@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
@pytest.mark.parametrize("server", SERVERS)
def test_openssl_sees_the_staple_of_every_server(deployment: Deployment, server: str, version: str) -> None:
    port = port_of(deployment, server)
    eventually(lambda: stapled(port).der, f"the staple of {server}")

    seen = openssl(
        "s_client", "-connect", f"localhost:{port}", f"-{version}", "-status",
        "-CAfile", deployment.trust_bundle, "-verify_return_error",
    )  # fmt: skip

    assert "OCSP Response Status: successful (0x0)" in seen
    assert "Cert Status: good" in seen
    (serial,) = re.findall(r"Serial Number: ([0-9A-F]+)\n", seen)
    store = GenerationStore(deployment.states[server] / "certificates" / "server")
    assert int(serial, 16) == store.current().certificate.serial_number


@pytest.mark.clause("RFC 6960 §3.2")
@pytest.mark.parametrize("server", SERVERS)
def test_openssl_verifies_the_staple_of_every_server(
    deployment: Deployment, server: str, tmp_path: Path
) -> None:
    def seen() -> Stapled | None:
        found = stapled(port_of(deployment, server), SSL.TLS1_2_VERSION)
        return found if found.der else None

    found = eventually(seen, f"the staple of {server}")
    chain = GenerationStore(deployment.states[server] / "certificates" / "server").current().chain
    for name, certificate in (("server", found.certificate), ("issuer", chain[1])):
        (tmp_path / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "staple.der").write_bytes(found.der)

    said = openssl(
        "ocsp", "-respin", tmp_path / "staple.der", "-CAfile", deployment.trust_bundle,
        "-sha256", "-issuer", tmp_path / "issuer.pem", "-cert", tmp_path / "server.pem",
    )  # fmt: skip

    assert "Response verify OK" in said
    assert f"{tmp_path / 'server.pem'}: good" in said
    assert "Next Update:" in said
