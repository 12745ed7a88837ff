"""EST over real sockets: the service under gunicorn, and curl and openssl alone at the other end."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ca.authority.directory import pem_of
from ca.authority.hierarchy import create_hierarchy
from ca.authority.profiles import CLIENT
from ca.enrolment.messages import LARGEST_BODY_BYTES
from sender_constraint.certificates.csr import RequestedNames, first_request, new_private_key, private_key_pem
from sender_constraint.certificates.errors import IssuerRefused
from sender_constraint.certificates.est import EstClient
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.issuance import EstIssuer
from tests.ca.material import PARTNER, PARTNER_DNS, csr, encoded, new_key
from tests.ca.running import RunningAuthority, manage, tool

SUBJECT_FOR_OPENSSL = "/C=GB/O=Partner Ltd/CN=partner"
# What the service did two days ago: a certificate for this request, printed in base64.
ISSUE_TWO_DAYS_AGO = """
import base64, dataclasses, datetime
from ca.authority.requests import verify_request
from ca.register.configuration import current_issuer, utc_now
from ca.register.models import Enrolment
issuer = dataclasses.replace(current_issuer(), now=utc_now() - datetime.timedelta(days=2))
enrolment = Enrolment.objects.get(participant__name="{participant}")
issuance = issuer.begin(enrolment, verify_request(base64.b64decode("{request}")))
print(base64.b64encode(issuance.record.der).decode())
"""


def curl(authority: RunningAuthority, folder: Path, operation: str, *options: object) -> int:
    """Ask EST; the answer's body goes to the file ``answer``. Returns the status."""
    status = tool(
        folder, "curl", "--silent", "--show-error", "--max-time", 20, "--cacert", authority.trust_bundle,
        "--output", "answer", "--write-out", "%{http_code}", *options, f"{authority.est}/{operation}",
    )  # fmt: skip
    return int(status)


def send(file: str) -> list[str]:
    return ["--header", "Content-Type: application/pkcs10", "--data-binary", f"@{file}"]


def make_request(folder: Path, name: str) -> None:
    """A key, and a request for it in base64, as a shell would make them."""
    tool(folder, "openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
    tool(
        folder, "openssl", "req", "-new", "-key", f"{name}.key", "-subj", SUBJECT_FOR_OPENSSL,
        "-addext", f"subjectAltName=DNS:{PARTNER_DNS}", "-outform", "DER", "-out", f"{name}.csr",
    )  # fmt: skip
    tool(folder, "openssl", "base64", "-in", f"{name}.csr", "-out", f"{name}.b64")


def unpack(folder: Path, name: str) -> x509.Certificate:
    """The certificate of an answer, as a shell would take it out."""
    tool(folder, "openssl", "base64", "-d", "-in", "answer", "-out", f"{name}.p7")
    tool(
        folder,
        "openssl",
        "pkcs7",
        "-inform",
        "DER",
        "-in",
        f"{name}.p7",
        "-print_certs",
        "-out",
        f"{name}.pem",
    )
    return x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())


@pytest.mark.clause("RFC 7030 §4.2")
def test_curl_and_openssl_alone_enrol_and_renew(authority: RunningAuthority, tmp_path: Path) -> None:
    secret = authority.admit("partner")
    assert curl(authority, tmp_path, "cacerts") == 200
    unpack(tmp_path, "cacerts")
    bundle = (tmp_path / "cacerts.pem").read_bytes()
    assert set(x509.load_pem_x509_certificates(bundle)) == set(
        x509.load_pem_x509_certificates(authority.trust_bundle.read_bytes())
    )

    make_request(tmp_path, "first")
    assert curl(authority, tmp_path, "simpleenroll", "--user", f"partner:{secret}", *send("first.b64")) == 200
    first = unpack(tmp_path, "first")
    purpose = ["-x509_strict", "-purpose", "sslclient"]
    tool(tmp_path, "openssl", "verify", *purpose, "-CAfile", "cacerts.pem", "first.pem")

    make_request(tmp_path, "second")
    present = ["--cert", "first.pem", "--key", "first.key"]
    trail = authority.trail
    assert curl(authority, tmp_path, "simplereenroll", *present, *send("second.b64")) == 200
    second = unpack(tmp_path, "second")
    tool(tmp_path, "openssl", "verify", *purpose, "-CAfile", "cacerts.pem", "second.pem")
    assert second.subject == first.subject
    assert second.public_key() != first.public_key()
    assert trail.last()["detail"]["replaces"] == f"{first.serial_number:x}"

    make_request(tmp_path, "third")
    assert curl(authority, tmp_path, "simplereenroll", *send("third.b64")) == 403
    assert trail.last()["rule"] == "renewal.certificate"
    assert curl(authority, tmp_path, "simpleenroll", "--user", f"partner:{secret}", *send("third.b64")) == 403
    assert trail.last()["rule"] == "enrolment.secret-spent"
    assert curl(authority, tmp_path, "simpleenroll", "--user", "partner:wrong", *send("third.b64")) == 401
    assert trail.last()["rule"] == "est.credentials"


@pytest.mark.clause("RFC 7030 §3.3.2")
def test_an_expired_certificate_renews_itself_over_tls(authority: RunningAuthority, tmp_path: Path) -> None:
    subject = "CN=sleeper,O=Partner Ltd,C=GB"
    authority.admit("sleeper", subject, "sleeper.example")
    key, names = new_key(), [x509.DNSName("sleeper.example")]
    der = issue_two_days_ago(authority, "sleeper", csr(key, subject, names))
    expired = x509.load_der_x509_certificate(der)
    assert expired.not_valid_after_utc < datetime.now(UTC)
    write(tmp_path, "expired", key, expired)
    (tmp_path / "next.b64").write_bytes(encoded(csr(new_key(), subject, names)))
    present = ["--cert", "expired.pem", "--key", "expired.key"]
    assert curl(authority, tmp_path, "simplereenroll", *present, *send("next.b64")) == 200
    assert unpack(tmp_path, "next").not_valid_after_utc > datetime.now(UTC)

    trail = authority.trail
    (tmp_path / "other.b64").write_bytes(encoded(csr(new_key(), subject, names)))
    assert curl(authority, tmp_path, "simplereenroll", *present, *send("other.b64")) == 403
    assert trail.last()["rule"] == "renewal.forked"


def test_a_self_made_certificate_with_the_participants_subject_renews_nothing(
    authority: RunningAuthority, tmp_path: Path
) -> None:
    key, now = new_key(), datetime.now(UTC)
    forged = create_hierarchy(now).issuing.issue(
        CLIENT,
        key.public_key(),
        x509.Name.from_rfc4514_string(PARTNER),
        [x509.DNSName(PARTNER_DNS)],
        timedelta(days=1),
        now,
    )
    write(tmp_path, "forged", key, forged)
    make_request(tmp_path, "next")
    trail = authority.trail
    present = ["--cert", "forged.pem", "--key", "forged.key"]
    assert curl(authority, tmp_path, "simplereenroll", *present, *send("next.b64")) == 403
    assert (trail.last()["rule"], trail.last()["outcome"]) == ("renewal.issued-here", "refused")


@pytest.mark.parametrize("size", [LARGEST_BODY_BYTES + 1, 1024 * 1024])
def test_a_large_body_is_refused(authority: RunningAuthority, tmp_path: Path, size: int) -> None:
    (tmp_path / "large.b64").write_bytes(b"A" * size)
    secret = authority.admit("large", "CN=large", "large.example")
    assert curl(authority, tmp_path, "simpleenroll", "--user", f"large:{secret}", *send("large.b64")) == 413


def test_a_body_in_chunks_is_read(authority: RunningAuthority, tmp_path: Path) -> None:
    subject = "CN=chunked,O=Partner Ltd,C=GB"
    secret = authority.admit("chunked", subject, "chunked.example")
    (tmp_path / "chunked.b64").write_bytes(
        encoded(csr(new_key(), subject, [x509.DNSName("chunked.example")]))
    )
    options = ["--header", "Transfer-Encoding: chunked", "--user", f"chunked:{secret}", *send("chunked.b64")]
    assert curl(authority, tmp_path, "simpleenroll", *options) == 200


def test_the_client_of_the_library_enrols_and_renews(authority: RunningAuthority, tmp_path: Path) -> None:
    names = RequestedNames("CN=librarian,O=Partner Ltd,C=GB", ("librarian.example",))
    secret_file = tmp_path / "client.secret"
    secret_file.write_text(authority.admit("librarian", names.subject, names.dns[0]))
    est = EstClient(authority.est, authority.trust_bundle)
    issuer = EstIssuer(est, names, "librarian", secret_file, authority.trust_bundle)
    store = GenerationStore(tmp_path / "client")
    key = new_private_key()
    first = store.publish(private_key_pem(key), pem_of(tuple(issuer.first(key))), datetime.now(UTC))
    next_key = new_private_key()
    chain = issuer.next(next_key, first)
    assert chain[0].public_key() == next_key.public_key()
    assert len(chain) == 2
    with pytest.raises(IssuerRefused, match="one-time secret was already used") as refusal:
        est.enrol(first_request(next_key, names), "librarian", secret_file.read_text().strip())
    assert refusal.value.status == 403


def test_est_is_not_served_in_the_clear(authority: RunningAuthority, tmp_path: Path) -> None:
    public = f"http://localhost:{authority.public_port}"
    root = tool(tmp_path, "curl", "--silent", "--show-error", f"{public}/roots.pem")
    assert (
        x509.load_pem_x509_certificate(root)
        == x509.load_pem_x509_certificates(authority.trust_bundle.read_bytes())[0]
    )
    for operation in ("cacerts", "simpleenroll", "simplereenroll"):
        status = ["--output", "nothing", "--write-out", "%{http_code}"]
        answered = tool(tmp_path, "curl", "--silent", *status, f"{public}/.well-known/est/{operation}")
        assert answered == b"404"
    over_tls = tool(
        tmp_path,
        "curl",
        "--silent",
        "--cacert",
        authority.trust_bundle,
        f"https://localhost:{authority.port}/health",
    )
    assert b'"ok"' in over_tls


def issue_two_days_ago(authority: RunningAuthority, participant: str, request: bytes) -> bytes:
    code = ISSUE_TWO_DAYS_AGO.format(participant=participant, request=base64.b64encode(request).decode())
    return base64.b64decode(manage(authority.state, "shell", "-v", 0, "-c", code))


def write(folder: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    (folder / f"{name}.key").write_bytes(private_key_pem(key))
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
