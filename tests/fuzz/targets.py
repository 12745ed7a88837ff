"""Where requests go: each port of the environment, with what is valid there and as whom it is asked."""

import base64
import json
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from sender_constraint.certificates.csr import private_key_pem
from sender_constraint.certificates.generations import GenerationStore
from tests.e2e.calling import PAYMENT
from tests.fuzz.message import Draft
from tests.sender_constraint.pki import issue
from workshop.environment.deployment import Deployment
from workshop.private_files import write_private
from workshop.story.partner import Partner
from workshop.story.stage import Stage
from workshop.wire import Credentials

FORM = (b"Content-Type", b"application/x-www-form-urlencoded")
Templates = Callable[[], Sequence[Draft]]


@dataclass(frozen=True)
class Target:
    """One port as one caller sees it.

    context: of TLS with the caller's certificate; None for plain HTTP.
    templates: makes what is valid there now; tokens end, so it is asked again now and then.
    share: how many of all requests go there, beside the shares of the others.
    """

    name: str
    port: int
    context: ssl.SSLContext | None
    templates: Templates
    share: int


def targets(deployment: Deployment, stage: Stage, workspace: Path) -> list[Target]:
    """Every port that speaks to callers from outside, and the pages for people.

    workspace: for a stranger's key.

    Nothing that is sent changes what others have: the certification request is for a name that nobody may
    have, and the certificate that may be revoked by its own holder is a stranger's.
    """
    partner = Partner(GenerationStore(deployment.certificate_store("partner_client")).current())
    other = Partner(GenerationStore(deployment.certificate_store("other_partner")).current())

    def target(
        name: str, origin: str, caller: Credentials | None, templates: Templates, share: int
    ) -> Target:
        parts = urlsplit(origin)
        context = _context(deployment, caller) if parts.scheme == "https" else None
        return Target(name, int(parts.port or 0), context, templates, share)

    return [
        target("token endpoint", deployment.issuer, partner.credentials, _tokens, 30),
        target("API", deployment.api_url, partner.credentials, lambda: _api(deployment, stage, partner), 35),
        target("EST", deployment.ca_url, other.credentials, _est, 14),
        target("EST, a stranger", deployment.ca_url, _stranger(workspace), lambda: [*_est(), *_revoke()], 5),
        target("OCSP and lists", deployment.ca_public_url, None, lambda: _status(other), 10),
        target("pages, CA", deployment.ca_pages_url, None, lambda: _pages("ca"), 2),
        target("pages, AS", deployment.authserver_pages_url, None, lambda: _pages("authserver"), 2),
        target("pages, API", deployment.bank_pages_url, None, lambda: _pages("bank_api"), 2),
    ]


def _context(deployment: Deployment, credentials: Credentials | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(deployment.trust_bundle))
    if credentials is not None and credentials.certificate is not None:
        context.load_cert_chain(credentials.certificate, credentials.private_key)
    return context


def _stranger(workspace: Path) -> Credentials:
    """A certificate that nobody issued."""
    issued = issue(None, subject="stranger")
    return Credentials(
        write_private(workspace / "stranger.pem", issued.pem.decode()),
        write_private(workspace / "stranger-key.pem", private_key_pem(issued.key).decode()),
    )


def _tokens() -> list[Draft]:
    grant = b"grant_type=client_credentials&client_id=partner"
    token = Draft(b"POST", b"/token", (FORM,), grant)
    return [
        token,
        token.but(body=grant + b"&scope=accounts"),
        token.but(body=grant + b"&scope=accounts+payments&resource=https%3A%2F%2Fother-api.example"),
        token.but(headers=(FORM, (b"Authorization", b"Basic cGFydG5lcjpzZWNyZXQ="))),
        *_reads(b"/jwks", b"/.well-known/oauth-authorization-server", b"/openapi.json", b"/health"),
    ]


def _api(deployment: Deployment, stage: Stage, partner: Partner) -> list[Draft]:
    token = partner.token(stage)
    listed = stage.wire.send(
        "GET",
        f"{deployment.api_url}/accounts",
        partner.credentials,
        headers={"Authorization": f"Bearer {token}"},
    )
    account = str(listed.json()["accounts"][0]["id"])
    bearer = (b"Authorization", b"Bearer " + token.encode())
    one = b"/accounts/" + account.encode()
    payment = Draft(
        b"POST",
        b"/payments",
        (bearer, (b"Content-Type", b"application/json"), (b"Idempotency-Key", b"fuzz-1")),
        json.dumps({**PAYMENT, "debtor_account": account}).encode(),
    )
    reads = _reads(
        b"/accounts", one, one + b"/balances", one + b"/transactions", b"/payments/" + account.encode()
    )
    return [
        *(each.but(headers=(bearer,)) for each in reads),
        Draft(b"GET", one + b"/transactions", (bearer,), query=b"limit=2&date_from=2026-01-01"),
        payment,
        payment,
        Draft(b"GET", b"/demo/bearer/accounts", (bearer,)),
        *_reads(b"/openapi.json", b"/.well-known/oauth-protected-resource", b"/health"),
    ]


def _est() -> list[Draft]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string("CN=nobody,O=Nobody Ltd,C=GB")
    names = x509.SubjectAlternativeName([x509.DNSName("nobody.example")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).add_extension(names, critical=False)
    encoded = base64.b64encode(request.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))
    kind = (b"Content-Type", b"application/pkcs10")
    secret = (b"Authorization", b"Basic " + base64.b64encode(b"other-partner:no-such-secret"))
    return [
        Draft(b"POST", b"/.well-known/est/simplereenroll", (kind,), encoded),
        Draft(b"POST", b"/.well-known/est/simpleenroll", (kind, secret), encoded),
        *_reads(b"/.well-known/est/cacerts", b"/health"),
    ]


def _revoke() -> list[Draft]:
    return [Draft(b"POST", b"/revoke", (FORM,), b"reason=superseded")]


def _status(asked: Partner) -> list[Draft]:
    certificate, *issuers = x509.load_pem_x509_certificates(asked.generation.certificate_path.read_bytes())
    builder = ocsp.OCSPRequestBuilder()
    request = builder.add_certificate(certificate, issuers[0], hashes.SHA256())
    plain = request.build().public_bytes(Encoding.DER)
    with_nonce = request.add_extension(x509.OCSPNonce(b"n" * 32), critical=False).build()
    kind = (b"Content-Type", b"application/ocsp-request")
    return [
        Draft(b"POST", b"/ocsp", (kind,), plain),
        Draft(b"POST", b"/ocsp", (kind,), with_nonce.public_bytes(Encoding.DER)),
        Draft(b"GET", b"/ocsp/" + base64.b64encode(plain).replace(b"/", b"%2F")),
        *_reads(b"/issuing.crl", b"/root.crl", b"/roots.pem", b"/issuing.der", b"/health"),
    ]


def _pages(service: str) -> list[Draft]:
    """The addresses of one service's pages; those that it has not are refused, which is an answer too."""
    token = b"a" * 32
    form = b"csrfmiddlewaretoken=" + token + b"&username=operator&password=wrong&next=%2Fadmin%2F"
    cookie = (b"Cookie", service.encode() + b"_csrf=" + token)
    return [
        Draft(b"POST", b"/admin/login/", (FORM, cookie), form),
        *_reads(
            b"/", b"/health", b"/admin/", b"/admin/login/", b"/admin/jsi18n/", b"/static/admin/css/base.css"
        ),
        *_reads(b"/documentation", b"/openapi.json", b"/static/bank_api/documentation.js"),
    ]


def _reads(*paths: bytes) -> list[Draft]:
    return [Draft(b"GET", path) for path in paths]
