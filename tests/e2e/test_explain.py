"""Why was I refused? Refusals over real sockets, explained by the id that the caller got in the response."""

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from operations.settings.environment import REPOSITORY
from sender_constraint.certificates.csr import private_key_pem
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.tls import client_context
from sender_constraint.core.correlation import CORRELATION_HEADER
from sender_constraint.core.thumbprints import certificate_thumbprint
from tests.authserver.names_that_differ import CN, ORG, C, name_of
from tests.e2e.calling import APICaller, TokenCaller
from tests.e2e.minting import PARTNER_NAMES, Mint
from tests.e2e.registering import manage
from tests.sender_constraint.core.test_thumbprint_spellings import base64url
from tests.sender_constraint.pki import issue, make_scheme
from tests.waiting import eventually
from workshop.environment.deployment import Deployment
from workshop.private_files import write_private
from workshop.wire import Credentials, Exchange

SECRET_SUFFIXES = (".pem", ".secret")
SECRET_NAMES = ("secret-key", "signing")
SERVICES = ("ca", "authserver", "bank_api", "partner_client")


ByHand = Callable[[x509.Name, Sequence[x509.GeneralName]], Credentials]


class Explain:
    """Runs the command ``explain``, and keeps what it printed for the last test."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._root = deployment.states["ca"].parent
        self.printed: list[str] = []

    def across(self, *arguments: str, status: int = 0) -> str:
        """What ``scripts/explain`` runs."""
        command = [sys.executable, "-m", "workshop.explain", "--root", str(self._root), *arguments]
        return self._run(command, os.environ, status)

    def at(self, service: str, *arguments: str, status: int = 0) -> str:
        """``manage.py explain`` of one service."""
        environment = {**os.environ, "STATE_DIR": str(self._deployment.states[service])}
        command = [sys.executable, str(REPOSITORY / service / "manage.py"), "explain", *arguments]
        return self._run(command, environment, status)

    def refusal(self, exchange: Exchange) -> dict[str, Any]:
        """The explanation of the one refusal that this exchange met."""
        events = json.loads(self.across(exchange.headers[CORRELATION_HEADER], "--json"))["events"]
        (refusal,) = [each["explanation"] for each in events if each["outcome"] == "refused"]
        return dict(refusal)

    def _run(self, command: list[str], environment: Any, status: int) -> str:
        done = subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
        )
        self.printed.append(done.stdout + done.stderr)
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def explain(deployment: Deployment) -> Explain:
    return Explain(deployment)


@pytest.fixture(scope="module")
def certificate_der(api: APICaller) -> bytes:
    """The certificate of the partner's connections."""
    assert api.credentials.certificate is not None
    leaf = x509.load_pem_x509_certificate(api.credentials.certificate.read_bytes())
    return leaf.public_bytes(Encoding.DER)


@pytest.fixture
def by_hand(deployment: Deployment, tmp_path: Path) -> ByHand:
    """What has the authority's operator issue a certificate with any names: it is in the register."""

    def issued(subject: x509.Name, names: Sequence[x509.GeneralName]) -> Credentials:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        request = tmp_path / "request.pem"
        request.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
        command = [sys.executable, "ca/manage.py", "issue", "--profile", "client", "--csr", str(request)]
        return Credentials(
            write_private(tmp_path / "certificate.pem", manage(deployment, "ca", command)),
            write_private(tmp_path / "key.pem", private_key_pem(key).decode()),
        )

    return issued


def _pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def _public_key(der: bytes) -> bytes:
    key = x509.load_der_x509_certificate(der).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


WRONG_SPELLINGS: dict[str, Callable[[bytes], str]] = {
    "SHA-256 of the certificate's DER, in hexadecimal": lambda der: hashlib.sha256(der).hexdigest(),
    "SHA-256 of the certificate's DER, in capital hexadecimal with colons": (
        lambda der: hashlib.sha256(der).digest().hex(":").upper()
    ),
    "SHA-256 of the certificate's DER, in base64url with padding": (
        lambda der: certificate_thumbprint(der) + "="
    ),
    "SHA-1 of the certificate's DER, in base64url without padding": (
        lambda der: base64url(hashlib.sha1(der, usedforsecurity=False).digest())
    ),
    "SHA-256 of the PEM text, in base64url without padding": (lambda der: certificate_thumbprint(_pem(der))),
    "SHA-256 of the public key (SubjectPublicKeyInfo), in base64url without padding": (
        lambda der: certificate_thumbprint(_public_key(der))
    ),
}


@pytest.mark.clause("RFC 8705 §3.1")
@pytest.mark.parametrize("spelling", WRONG_SPELLINGS)
def test_the_right_certificate_in_a_wrong_spelling_is_told_as_such(
    api: APICaller, mint: Mint, explain: Explain, certificate_der: bytes, spelling: str
) -> None:
    written = WRONG_SPELLINGS[spelling](certificate_der)
    exchange = api.but(token=mint.token(certificate_der, cnf={"x5t#S256": written})).gets()
    explanation = explain.refusal(exchange)
    assert explanation["rule"] in ("confirmation.malformed-thumbprint", "binding.certificate")
    assert "The certificate is right, but its spelling in the token is wrong" in explanation["findings"][0]
    assert spelling in explanation["findings"][0]
    assert written in explanation["expected"] + explanation["presented"]
    assert "base64url without padding" in explanation["next_step"]


@pytest.mark.clause("RFC 8705 §3")
def test_a_token_with_another_certificate_is_told_with_both_thumbprints(
    api: APICaller, deployment: Deployment, explain: Explain, certificate_der: bytes
) -> None:
    other = GenerationStore(deployment.certificate_store("other_partner")).current()
    exchange = api.but(credentials=Credentials(other.certificate_path, other.private_key_path)).gets()
    explanation = explain.refusal(exchange)
    assert certificate_thumbprint(certificate_der) in explanation["expected"]
    assert other.thumbprint in explanation["presented"]
    assert explanation["findings"] == ["These are thumbprints of two different certificates."]


@pytest.mark.clause("RFC 8705 §2.1.2")
def test_a_name_that_differs_in_one_relative_name_is_told_with_its_place(
    token_caller: TokenCaller, explain: Explain, by_hand: ByHand
) -> None:
    subject = name_of((C, "GB"), (ORG, "Partner Limited"), (CN, "partner"))
    credentials = by_hand(subject, [])
    explanation = explain.refusal(token_caller.but(credentials=credentials).asks())
    assert explanation["rule"] == "client.subject-dn"
    assert explanation["findings"] == [
        "The first difference is in relative name 2 of 3 (second in RFC 4514 order): expected O=Partner Ltd, "
        "presented O=Partner Limited.",
        "The values differ first at character 10: expected 't', presented 'i'; the comparison is exact.",
    ]


@pytest.mark.clause("RFC 8705 §2.1.2")
def test_the_nearest_of_several_alternative_names_is_told(
    token_caller: TokenCaller, explain: Explain, by_hand: ByHand
) -> None:
    names = [x509.DNSName("other.example"), x509.DNSName("partner.example.")]
    credentials = by_hand(PARTNER_NAMES["subject"], names)
    exchange = token_caller.but(credentials=credentials, client_id="partner-bearer").asks()
    explanation = explain.refusal(exchange)
    assert explanation["findings"] == [
        "The nearest, 'partner.example.', differs only in a dot at the end, which is unexpected."
    ]


@pytest.mark.clause("RFC 9068 §4")
def test_a_token_that_expired_is_told_with_the_seconds_before_the_request(
    api: APICaller, mint: Mint, explain: Explain, certificate_der: bytes
) -> None:
    expiry = time.time() - 12
    before = time.time()
    exchange = api.but(token=mint.token(certificate_der, exp=expiry)).gets()
    after = time.time()
    (finding,) = explain.refusal(exchange)["findings"]
    told = float(finding.removeprefix("It expired ").removesuffix(" seconds before the request."))
    assert before - expiry - 0.001 <= told <= after - expiry + 0.001


@pytest.mark.clause("RFC 5280 §4.1.2.5")
def test_a_certificate_that_expired_is_told_with_the_seconds_before_the_request(
    token_caller: TokenCaller, mint: Mint, explain: Explain
) -> None:
    end = datetime.now(UTC) - timedelta(seconds=30)
    credentials = mint.credentials(mint.certificate(not_after=end))
    (finding,) = explain.refusal(token_caller.but(credentials=credentials).asks())["findings"]
    assert finding.startswith("It expired ")
    assert 30 <= float(finding.split()[2]) < 90
    assert finding.endswith(" seconds before the request.")


def chains(mint: Mint) -> dict[str, list[Any]]:
    """Chains with one fault each, by the words that tell it."""
    now = datetime.now(UTC)
    decade: dict[str, Any] = {
        "not_before": now - timedelta(days=3650),
        "not_after": now + timedelta(days=3650),
    }
    authority: dict[str, Any] = {"subject": "Regional", "authority": True, "path_length": 0}
    good = issue(mint.scheme.root, **authority, **decade)
    over = {**decade, "not_after": now - timedelta(seconds=40)}
    expired = issue(mint.scheme.root, **authority, **over)
    sub = issue(mint.scheme.issuing, **{**authority, "subject": "Sub"}, **decade)
    foreign = make_scheme("Foreign")
    return {
        "its issuer, CN=Regional, was neither sent": [mint.certificate_by(good)],
        "Certificate 2 of the chain, CN=Regional: it expired ": [mint.certificate_by(expired), expired],
        "Certificate 1 of the chain, CN=partner,O=Partner Ltd,C=GB: the key of its issuer": [
            mint.certificate_by(None, claimed_issuer=mint.scheme.issuing)
        ],
        "its path length allows 0 CAs below it, and the chain has 1": [mint.certificate_by(sub), sub],
        "Certificate 3 of the chain, CN=Foreign Root: it is self-signed": [
            mint.certificate_by(foreign.issuing),
            foreign.issuing,
            foreign.root,
        ],
    }


@pytest.mark.clause("RFC 5280 §6.1")
def test_the_element_of_a_chain_that_failed_is_told_and_how(
    token_caller: TokenCaller, mint: Mint, explain: Explain
) -> None:
    for words, (leaf, *issuers) in chains(mint).items():
        exchange = token_caller.but(credentials=mint.credentials(leaf, *issuers)).asks()
        explanation = explain.refusal(exchange)
        assert explanation["rule"] == "certificate.chain"
        assert words in explanation["findings"][0]
        assert explanation["next_step"]


def test_one_id_across_two_services_with_an_accepted_and_a_refused_call(
    api: APICaller, token_caller: TokenCaller, mint: Mint, explain: Explain, certificate_der: bytes
) -> None:
    shared = str(uuid.uuid4())
    granted = token_caller.but(headers={CORRELATION_HEADER: shared}).asks()
    late = mint.token(certificate_der, exp=time.time() - 60)
    refused = api.but(token=late).gets(**{CORRELATION_HEADER: shared})
    assert (granted.status, refused.status) == (200, 401)
    text = explain.across(shared)
    assert text.index("authserver  token.issued") < text.index("bank_api  api.call")
    assert "outcome    accepted with 200" in text
    assert "rule       token.expired (RFC 9068 §4)" in text
    assert "token.expired" not in explain.at("authserver", shared)
    assert "token.issued" not in explain.at("bank_api", shared)
    assert "token.expired" in explain.at("bank_api", shared)


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_explains_what_it_refused_itself(
    deployment: Deployment, explain: Explain, service: str
) -> None:
    origins = {
        "ca": deployment.ca_url,
        "authserver": deployment.issuer,
        "bank_api": deployment.api_url,
        "partner_client": deployment.partner_url,
    }
    with httpx.Client(verify=client_context(deployment.trust_bundle), trust_env=False) as client:
        response = client.get(f"{origins[service]}/nothing-here")
    assert response.status_code == 404
    text = explain.at(service, response.headers[CORRELATION_HEADER])
    assert "rule       request.path (RFC 9110 §15.5.5)" in text
    assert "presented  GET /nothing-here" in text


def test_an_unknown_id_and_a_malformed_one_are_told_as_such(explain: Explain) -> None:
    assert "No event about ID" in explain.across(str(uuid.uuid4()), status=1)
    assert "is not a correlation ID" in explain.across("x", status=2)
    assert "No event about ID" in explain.at("bank_api", str(uuid.uuid4()), status=1)
    assert "is not a correlation ID" in explain.at("bank_api", "x", status=2)


def test_no_trail_at_all_is_told_with_where_to_look(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workshop.explain", "--root", str(tmp_path), str(uuid.uuid4())]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"There is no audit trail below {tmp_path}." in done.stderr


def test_a_failed_handshake_is_explained_by_its_peer(deployment: Deployment, explain: Explain) -> None:
    """Whoever fails in the handshake gets no response, and so no id."""
    server = urlsplit(deployment.api_url)
    with socket.create_connection((str(server.hostname), server.port), timeout=10) as connection:
        host, port = connection.getsockname()[:2]
        connection.sendall(b"GET /accounts HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(1024):
                pass
    trail = deployment.audit_file("bank_api")
    eventually(lambda: f"{host}:{port}" in trail.read_text(), "the handshake is recorded")
    text = explain.across("--peer", f"{host}:{port}")
    assert "rule       tls.handshake (RFC 8446 §4)" in text
    assert "presented  a handshake that failed: http request" in text
    assert f"--peer {host}:{port}" in explain.at("bank_api", "--recent", "50")


def secrets_of(deployment: Deployment) -> Iterator[str]:
    """Every private key and secret in the state of the environment, in pieces that survive a cut."""
    for state in deployment.states.values():
        for file in state.rglob("*"):
            if file.is_file() and (file.suffix in SECRET_SUFFIXES or file.name in SECRET_NAMES):
                text = file.read_text(errors="replace")
                if file.suffix != ".pem" or "PRIVATE KEY" in text:
                    yield from (line for line in text.splitlines() if len(line) > 20 and "-----" not in line)


def test_no_explanation_holds_a_token_a_key_or_a_secret(
    api: APICaller, token_caller: TokenCaller, deployment: Deployment, explain: Explain
) -> None:
    """Also where the caller put its token in the place of a name; and in all that was printed before."""
    misplaced = token_caller.but(client_id=api.token).asks(resource=api.token, scope=api.token)
    explain.across(misplaced.headers[CORRELATION_HEADER])
    unreadable = api.but(token=api.token[:-3]).gets()
    explain.across(unreadable.headers[CORRELATION_HEADER], "--json")
    explain.across("--recent", "1000")
    printed = "\n".join(explain.printed)
    secrets = list(secrets_of(deployment))
    assert len(secrets) > 10
    assert not [each for each in secrets if each in printed]
    assert api.token[:40] not in printed
    assert "eyJ" not in printed
    assert "PRIVATE KEY" not in printed
