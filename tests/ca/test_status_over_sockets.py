"""Certificate status over real sockets: the service under gunicorn; openssl, curl and Go at the other end."""

import os
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ocsp

from ca.register.models import serial_text
from ca.status.requests import LARGEST_REQUEST_BYTES
from tests.ca.asking import ocsp_request
from tests.ca.material import csr, encoded, new_key
from tests.ca.running import RunningAuthority, command, environment, manage, running_authority, tool
from tests.ca.test_over_tls import curl, send, unpack, write

VERIFIER = Path(__file__).with_name("verifier")
PEM_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.DOTALL)

OWN_CERTIFICATE = """
from django.conf import settings
from ca.status.delegation import own_issuer
from sender_constraint.certificates.rotation import renew_if_due
declared = settings.CERTIFICATE_STORES["server"]
declared.store.order_replacement()
chain = renew_if_due(declared.store, own_issuer(declared).next).generation.chain
print(f"{chain[0].serial_number:x} {len(chain)}")
"""


@dataclass(frozen=True)
class Scheme:
    """Files of a certificate and of its issuers, as a verifier has them."""

    authority: RunningAuthority
    folder: Path

    @property
    def serial(self) -> str:
        return serial_text(self.leaf)

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.folder / "leaf.pem").read_bytes())

    def fetch_lists(self) -> None:
        for name in ("issuing", "root"):
            url = f"{self.authority.public}/{name}.crl"
            self.run("curl", "--silent", "--fail", "--output", f"{name}.crl", url)
            self.run("openssl", "crl", "-inform", "DER", "-in", f"{name}.crl", "-out", f"{name}.crl.pem")

    def run(self, *arguments: object) -> str:
        return tool(self.folder, *arguments).decode()

    def verdict(self, *options: str) -> tuple[bool, str]:
        """``openssl verify`` with the lists as they are published now."""
        self.fetch_lists()
        lists = [option for name in ("issuing", "root") for option in ("-CRLfile", f"{name}.crl.pem")]
        done = subprocess.run(
            ["openssl", "verify", "-x509_strict", *options, "-CAfile", "root.pem",
             "-untrusted", "issuing.pem", *lists, "leaf.pem"],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode == 0, done.stdout + done.stderr

    def ocsp(self, *options: str, subject: str = "leaf", issuer: str = "issuing") -> str:
        """What ``openssl ocsp`` says, which has checked the responder and its delegation."""
        url = f"{self.authority.public}/ocsp"
        done = subprocess.run(
            ["openssl", "ocsp", "-url", url, "-issuer", f"{issuer}.pem", *options, "-cert", f"{subject}.pem",
             "-CAfile", "root.pem"],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Response verify OK" in done.stderr, done.stdout + done.stderr
        return done.stdout


def scheme_in(folder: Path, authority: RunningAuthority) -> Scheme:
    """A certificate that the operator issues."""
    root, issuing = PEM_CERTIFICATE.findall(authority.trust_bundle.read_bytes())
    (folder / "root.pem").write_bytes(root)
    (folder / "issuing.pem").write_bytes(issuing)
    (folder / "leaf.csr").write_bytes(csr(new_key()))
    issued = manage(authority.state, "issue", "--profile", "client", "--csr", folder / "leaf.csr")
    (folder / "leaf.pem").write_bytes(PEM_CERTIFICATE.findall(issued)[0])
    return Scheme(authority, folder)


@pytest.fixture
def scheme(authority: RunningAuthority, tmp_path: Path) -> Scheme:
    return scheme_in(tmp_path, authority)


@pytest.mark.clause("RFC 6960 §4.1.1")
@pytest.mark.clause("RFC 5280 §5")
def test_openssl_sees_a_revocation_by_ocsp_and_by_lists(scheme: Scheme) -> None:
    for options in ([], ["-no_nonce"], ["-sha256"]):
        assert "leaf.pem: good" in scheme.ocsp(*options)
        assert "issuing.pem: good" in scheme.ocsp(*options, subject="issuing", issuer="root")
    for check in ("-crl_check", "-crl_check_all"):
        assert scheme.verdict(check) == (True, "leaf.pem: OK\n")

    manage(scheme.authority.state, "revoke", scheme.serial, "--reason", "cessationOfOperation")
    for options in ([], ["-no_nonce"], ["-sha256"]):
        said = scheme.ocsp(*options)
        assert "leaf.pem: revoked" in said
        assert "Reason: cessationOfOperation" in said
    for check in ("-crl_check", "-crl_check_all"):
        is_valid, said = scheme.verdict(check)
        assert not is_valid
        assert "certificate revoked" in said


@pytest.mark.clause("RFC 9919 §3.2.3")
def test_for_an_issuer_that_is_none_of_ours_openssl_is_told_so(scheme: Scheme) -> None:
    done = subprocess.run(
        ["openssl", "ocsp", "-url", f"{scheme.authority.public}/ocsp", "-issuer", "leaf.pem",
         "-cert", "leaf.pem", "-CAfile", "root.pem"],
        cwd=scheme.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Responder Error: unauthorized (6)" in done.stdout + done.stderr


@pytest.fixture(scope="session")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        pytest.skip("Go is not installed")
    binary = tmp_path_factory.mktemp("verifier") / "verifier"
    built = subprocess.run(
        [go, "build", "-o", binary, "."], cwd=VERIFIER, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return binary


@pytest.mark.clause("RFC 5280 §5")
def test_go_agrees(scheme: Scheme, verifier: Path) -> None:
    url = f"{scheme.authority.public}/ocsp"

    def said() -> tuple[str, str]:
        scheme.fetch_lists()
        by_list = scheme.run(verifier, "list", "issuing.pem", "issuing.crl", scheme.serial)
        return by_list, scheme.run(verifier, "ocsp", "issuing.pem", "leaf.pem", url)

    assert said() == ("good\n", "good\ngood\n")
    assert scheme.run(verifier, "ocsp", "root.pem", "issuing.pem", url) == "good\ngood\n"
    manage(scheme.authority.state, "revoke", scheme.serial, "--reason", "keyCompromise")
    assert said() == ("revoked 1\n", "revoked 1\nrevoked 1\n")
    with pytest.raises(AssertionError, match="verification failure"):
        scheme.run(verifier, "list", "issuing.pem", "root.crl", scheme.serial)


def test_revocation_is_known_at_the_responder_within_a_second(scheme: Scheme) -> None:
    assert "leaf.pem: good" in scheme.ocsp()
    manage(scheme.authority.state, "revoke", scheme.serial)
    began = time.monotonic()
    assert "leaf.pem: revoked" in scheme.ocsp()
    assert time.monotonic() - began < 1


@pytest.mark.clause("RFC 6960 Appendix A.1")
def test_curl_asks_by_get_and_a_cache_could_keep_the_answer(scheme: Scheme) -> None:
    issuing = x509.load_pem_x509_certificate((scheme.folder / "issuing.pem").read_bytes())
    (scheme.folder / "request.der").write_bytes(ocsp_request(scheme.leaf, issuing, nonce=None))
    path = scheme.run("openssl", "base64", "-A", "-in", "request.der")
    quoted = path.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    for each in (path, quoted):
        url = f"{scheme.authority.public}/ocsp/{each}"
        headers = scheme.run("curl", "--silent", "--fail", "--dump-header", "-", "--output", "answer", url)
        assert "max-age=" in headers
        assert "etag" in headers.lower()
        answer = ocsp.load_der_ocsp_response((scheme.folder / "answer").read_bytes())
        assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD


@pytest.mark.parametrize("size", [0, LARGEST_REQUEST_BYTES + 1, 60_000, 70_000, 1_000_000])
def test_garbage_of_any_size_is_no_server_error(scheme: Scheme, size: int) -> None:
    (scheme.folder / "garbage").write_bytes(os.urandom(size))
    ask = ["curl", "--silent", "--output", "answer", "--write-out", "%{http_code}"]
    body = ["--header", "Content-Type: application/ocsp-request", "--data-binary", "@garbage"]
    url = f"{scheme.authority.public}/ocsp"
    assert scheme.run(*ask, *body, url) == ("413" if size else "200")
    assert scheme.run(*ask, f"{url}/{'A' * min(size, 5000)}x") in {"200", "413", "414"}
    assert "leaf.pem: good" in scheme.ocsp()


@pytest.mark.clause("RFC 5280 §5.2.3")
def test_no_number_is_given_twice_to_lists_that_are_published_at_once(authority: RunningAuthority) -> None:
    def publish(_: int) -> str:
        return manage(authority.state, "publish_lists", "--all").decode()

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(publish, range(8)))
    for name in ("issuing", "root"):
        numbers = [
            int(number) for each in said for number in re.findall(f"{name} authority is number (\\d+)", each)
        ]
        assert len(set(numbers)) == len(numbers) == 8
        assert max(numbers) - min(numbers) == 7


@pytest.mark.clause("RFC 5280 §5.3.1")
def test_a_holder_revokes_its_own_certificate_and_no_other(
    authority: RunningAuthority, tmp_path: Path
) -> None:
    subject = "CN=holder,O=Partner Ltd,C=GB"
    secret = authority.admit("holder", subject, "holder.example")
    key, names = new_key(), [x509.DNSName("holder.example")]
    (tmp_path / "first.b64").write_bytes(encoded(csr(key, subject, names)))
    assert curl(authority, tmp_path, "simpleenroll", "--user", f"holder:{secret}", *send("first.b64")) == 200
    certificate = unpack(tmp_path, "first")
    write(tmp_path, "first", key, certificate)
    present = ["--cert", "first.pem", "--key", "first.key"]
    trail = authority.trail

    def revoke(*options: str) -> tuple[int, str]:
        status = tool(
            tmp_path, "curl", "--silent", "--show-error", "--cacert", authority.trust_bundle,
            "--output", "answer", "--write-out", "%{http_code}", "--request", "POST", *options,
            f"https://localhost:{authority.port}/revoke",
        )  # fmt: skip
        return int(status), (tmp_path / "answer").read_text()

    assert revoke()[0] == 403
    assert trail.last()["rule"] == "renewal.certificate"
    assert revoke(*present, "--data", "reason=cACompromise")[0] == 400
    assert trail.last()["rule"] == "revocation.reason"
    status, said = revoke(*present, "--data", "reason=keyCompromise")
    assert status == 200
    assert f"{certificate.serial_number:x} is revoked since" in said
    event = trail.last()
    assert (event["event"], event["outcome"], event["client_id"]) == (
        "certificate.revoke",
        "accepted",
        "holder",
    )
    assert revoke(*present) == (status, said)  # once more: the first reason stands
    assert trail.last()["detail"]["repeated"] is True
    assert curl(authority, tmp_path, "simplereenroll", *present, *send("first.b64")) == 403
    assert trail.last()["rule"] == "renewal.revoked"

    # A new secret begins a new line.
    manage(authority.state, "participant", "secret", "holder", "--secret-file", tmp_path / "secret")
    new = (tmp_path / "secret").read_text().strip()
    (tmp_path / "new.b64").write_bytes(encoded(csr(new_key(), subject, names)))
    assert curl(authority, tmp_path, "simpleenroll", "--user", f"holder:{new}", *send("new.b64")) == 200


def test_the_authority_renews_its_own_certificate_over_est_where_it_is_served(
    authority: RunningAuthority,
) -> None:
    def renew(port: int) -> list[dict[str, object]]:
        trail = authority.trail
        manage(
            authority.state,
            "shell",
            "-v",
            0,
            "-c",
            OWN_CERTIFICATE,
            PUBLIC_ORIGIN=f"https://localhost:{port}",
        )
        return [event for event in trail.events() if event["event"] == "est.simplereenroll"]

    (event,) = renew(authority.port)
    assert (event["outcome"], event["client_id"]) == ("accepted", "ca")
    assert renew(1) == []  # nobody listens there: it is renewed without


def test_the_issuing_authority_is_revoked_by_the_root(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running_authority(tmp_path_factory.mktemp("revoked") / "ca") as authority:
        scheme = scheme_in(tmp_path, authority)
        issuing = x509.load_pem_x509_certificate((tmp_path / "issuing.pem").read_bytes())
        key = authority.state / "keys" / "authority" / "root-private-key.pem"
        key.rename(tmp_path / "safe.pem")
        done = subprocess.run(
            command("revoke", serial_text(issuing), "--reason", "cACompromise"),
            env=environment(authority.state), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "waits for its key" in done.stderr
        assert "Traceback" not in done.stderr
        assert "issuing.pem: revoked" in scheme.ocsp(subject="issuing", issuer="root")
        assert scheme.verdict("-crl_check_all")[0]

        (tmp_path / "safe.pem").rename(key)
        manage(authority.state, "publish_lists")
        is_valid, said = scheme.verdict("-crl_check_all")
        assert not is_valid
        assert "certificate revoked" in said
        refused = subprocess.run(
            command("issue", "--profile", "client", "--csr", tmp_path / "leaf.csr"),
            env=environment(authority.state), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert refused.returncode != 0
        assert "was revoked at" in refused.stderr
        assert "Traceback" not in refused.stderr
