"""A scheme, a server with a signing key, and callers whose requests are valid."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from authserver.client_authentication import http
from authserver.clients.models import Client, columns
from authserver.clients.registered_client import RegisteredClient
from authserver.clients.registration import RegistrationPolicy, register
from authserver.keys.store import signing_key_store
from authserver.tokens import proofs
from tests.authserver.caller import OTHER_RESOURCE, RESOURCE, Caller, Verdict
from tests.sender_constraint.dpop.proofs import Memory
from tests.sender_constraint.pki import NOW, Issued, Scheme, issue, make_scheme
from tests.sender_constraint.statuses import Statuses
from tests.trail import Trail

PARTNER = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "GB"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Partner Ltd"),
        x509.NameAttribute(NameOID.COMMON_NAME, "partner"),
    ]
)
PARTNER_DN = "CN=partner,O=Partner Ltd,C=GB"
PARTNER_SANS = (x509.DNSName("partner.example"), x509.UniformResourceIdentifier("urn:example:partner"))

METADATA = {
    "client_id": "partner",
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_subject_dn": PARTNER_DN,
    "tls_client_certificate_bound_access_tokens": True,
    "grant_types": ["client_credentials"],
    "scope": "accounts payments",
    "resources": [RESOURCE, OTHER_RESOURCE],
    "default_resource": RESOURCE,
}
POLICY = RegistrationPolicy(("accounts", "payments"), (RESOURCE, OTHER_RESOURCE), demo=True)


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    return make_scheme()


@pytest.fixture(scope="session")
def partner_certificate(scheme: Scheme) -> Issued:
    return issue(scheme.issuing, subject=PARTNER, alternative_names=PARTNER_SANS)


@pytest.fixture(scope="session", autouse=True)
def _server(scheme: Scheme) -> None:
    """The trust bundle and the signing key, as the launcher and ``prepare`` make them."""
    from django.conf import settings

    settings.SENDER_CONSTRAINT["TRUST_BUNDLE"].parent.mkdir(parents=True, exist_ok=True)
    settings.SENDER_CONSTRAINT["TRUST_BUNDLE"].write_bytes(scheme.root.pem + scheme.issuing.pem)
    signing_key_store().ensure()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The server's clock: replace its one element to change the time."""
    moment = [NOW]
    monkeypatch.setattr(http, "clock", lambda: moment[0])
    return moment


@pytest.fixture
def statuses() -> Statuses:
    """What the authority says of certificates."""
    return Statuses()


@pytest.fixture(autouse=True)
def _status_source(statuses: Statuses, monkeypatch: pytest.MonkeyPatch) -> None:
    """No authority runs beside these tests."""
    for module in (http, proofs):
        monkeypatch.setattr(module, "certificate_status", lambda: statuses)


@pytest.fixture
def memory() -> Memory:
    """What was shown before."""
    return Memory()


@pytest.fixture(autouse=True)
def _replay_memory(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Redis runs beside these tests."""
    monkeypatch.setattr(proofs, "replay_memory", lambda: memory)


@pytest.fixture
def verdict(settings: Any) -> Verdict:
    return Verdict(Trail(settings.AUDIT_DIR / "audit.jsonl"))


@pytest.fixture
def registered(db: None) -> Callable[..., RegisteredClient]:  # noqa: ARG001 - a fixture used for its effect
    """Registers the partner, with members of its metadata changed, or left out where None."""

    def registers(**changes: Any) -> RegisteredClient:
        metadata = {name: value for name, value in {**METADATA, **changes}.items() if value is not None}
        client = register(metadata, POLICY)
        Client.objects.update_or_create(client_id=client.client_id, defaults=columns(client))
        return client

    return registers


@pytest.fixture
def partner(
    registered: Callable[..., RegisteredClient],
    partner_certificate: Issued,
    now: list[datetime],  # noqa: ARG001 - a fixture used for its effect
) -> Caller:
    """The registered partner on a connection with its certificate."""
    registered()
    return Caller("partner", (partner_certificate.der,))


@pytest.fixture
def other_client(scheme: Scheme, registered: Callable[..., Any], partner: Caller) -> Caller:
    """Another client, as honest as the partner."""
    names = {"tls_client_auth_subject_dn": None, "tls_client_auth_san_dns": "other.example"}
    registered(client_id="other-partner", **names)
    certificate = issue(scheme.issuing, subject="other", alternative_names=(x509.DNSName("other.example"),))
    return partner.but(client_id="other-partner").with_certificate(certificate)


@pytest.fixture(params=["jwt", "opaque"])
def token(
    request: pytest.FixtureRequest, registered: Callable[..., Any], partner: Caller, verdict: Verdict
) -> str:
    """The partner's token, of either format."""
    registered(access_token_format=request.param)
    issued: str = verdict.accepted(partner.asks())["access_token"]
    return issued
