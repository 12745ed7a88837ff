"""A scheme, an issuer, accounts, and callers whose requests are valid."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from bank_api.accounts.models import Account, AccountAccess
from sender_constraint.core.confirmation import certificate_confirmation
from sender_constraint.django import authentication
from sender_constraint.django.protected_resource import ProtectedResource
from sender_constraint.django.trust import trust_anchors
from sender_constraint.resource_server.access_token import AccessTokenVerifier
from sender_constraint.resource_server.introspection import IntrospectedTokens, Introspector
from sender_constraint.resource_server.issuer_keys import IssuerKeys
from sender_constraint.resource_server.status_list import StatusLists
from tests.bank_api.caller import Caller, Verdict
from tests.bank_api.issuer import ISSUER, RESOURCE, TestIssuer
from tests.sender_constraint.pki import NOW, Issued, Scheme, issue, make_scheme
from tests.sender_constraint.statuses import Statuses
from tests.trail import Trail

PROMISE_SECONDS = 5


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    return make_scheme()


@pytest.fixture(scope="session")
def certificate(scheme: Scheme) -> Issued:
    """The partner's."""
    return issue(scheme.issuing, subject="partner")


@pytest.fixture(scope="session")
def other_certificate(scheme: Scheme) -> Issued:
    """The other partner's, as valid as the partner's."""
    return issue(scheme.issuing, subject="other-partner")


@pytest.fixture(scope="session", autouse=True)
def _trust_bundle(scheme: Scheme) -> None:
    from django.conf import settings

    settings.SENDER_CONSTRAINT["TRUST_BUNDLE"].parent.mkdir(parents=True, exist_ok=True)
    settings.SENDER_CONSTRAINT["TRUST_BUNDLE"].write_bytes(scheme.root.pem + scheme.issuing.pem)


@pytest.fixture
def issuer() -> TestIssuer:
    return TestIssuer()


@dataclass
class Clock:
    """The server's clock."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """For what measures how old something is."""
        return self.now.timestamp()

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def statuses() -> Statuses:
    """What the authority says of certificates; none runs beside these tests."""
    return Statuses()


@pytest.fixture(autouse=True)
def resource(
    issuer: TestIssuer, clock: Clock, statuses: Statuses, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], ProtectedResource]:
    """The protected resource, with the issuer of the tests and their clock."""
    keys = IssuerKeys(ISSUER, issuer.client(), retry_seconds=0)
    verifier = AccessTokenVerifier(ISSUER, RESOURCE, keys, clock)
    lists = StatusLists(ISSUER, keys, issuer.client(), PROMISE_SECONDS, clock, monotonic=clock.seconds)
    asking = Introspector(ISSUER, "bank-api", issuer.client)
    opaque = IntrospectedTokens(asking, verifier, PROMISE_SECONDS, monotonic=clock.seconds)

    def of_tests() -> ProtectedResource:
        return ProtectedResource(
            verifier,
            trust_anchors,
            statuses,
            clock,
            settings.SENDER_CONSTRAINT["ACCEPT_FOREIGN_CERTIFICATES"],
            lists,
            opaque,
        )

    monkeypatch.setattr(authentication, "protected_resource", of_tests)
    return of_tests


@pytest.fixture
def verdict(settings: Any) -> Verdict:
    return Verdict(Trail(settings.AUDIT_DIR / "audit.jsonl"))


@pytest.fixture
def token(issuer: TestIssuer, certificate: Issued) -> Callable[..., str]:
    """Makes a token that is bound to the partner's certificate, with claims changed."""

    def make(**changes: Any) -> str:
        return issuer.token(**{"cnf": certificate_confirmation(certificate.der), **changes})

    return make


@pytest.fixture
def partner(certificate: Issued, token: Callable[..., str]) -> Caller:
    return Caller((certificate.der,), token())


@pytest.fixture
def other_partner(other_certificate: Issued, token: Callable[..., str]) -> Caller:
    cnf = certificate_confirmation(other_certificate.der)
    bound = token(cnf=cnf, sub="other-partner", client_id="other-partner")
    return Caller((other_certificate.der,), bound)


@pytest.fixture
def account(db: None) -> Account:  # noqa: ARG001  # opens the database
    """The partner's, with 1000.00 EUR."""
    account = Account.objects.create(
        name="Current", iban="GB51EXMP20000012345678", currency="EUR", available_minor_units=1000_00
    )
    AccountAccess.objects.create(account=account, client_id="partner")
    AccountAccess.objects.create(account=account, client_id="partner-bearer")
    return account


@pytest.fixture
def foreign_account(db: None) -> Account:  # noqa: ARG001  # opens the database
    """The other partner's, with 1000.00 EUR."""
    account = Account.objects.create(
        name="Other", iban="GB90EXMP20000087654321", currency="EUR", available_minor_units=1000_00
    )
    AccountAccess.objects.create(account=account, client_id="other-partner")
    return account


@pytest.fixture
def instruction(account: Account) -> dict[str, Any]:
    """A valid payment of 12.34 EUR from the partner's account."""
    return {
        "debtor_account": str(account.pk),
        "creditor_name": "Paper Mill Ltd",
        "creditor_iban": "GB33BUKB20201555555555",
        "amount": {"amount": "12.34", "currency": "EUR"},
        "reference": "Invoice 2041",
    }
