"""Certificate-bound access tokens at the protected resource (RFC 8705 §3)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from bank_api.accounts.models import Account
from sender_constraint.core.confirmation import certificate_confirmation
from tests.bank_api.caller import Caller, Verdict
from tests.bank_api.conftest import Clock
from tests.sender_constraint.pki import SERVER, Issued, Scheme, issue, make_scheme

pytestmark = [pytest.mark.django_db, pytest.mark.clause("RFC 8705 §3")]


def test_a_bound_token_with_its_certificate_is_accepted(
    partner: Caller, account: Account, verdict: Verdict
) -> None:
    body = verdict.accepted(partner.get("/accounts"))
    assert [each["id"] for each in body["accounts"]] == [str(account.pk)]
    assert verdict.trail.last()["client_id"] == "partner"


def test_a_bound_token_without_a_certificate_is_refused(partner: Caller, verdict: Verdict) -> None:
    event = verdict.refused(
        partner.on().get("/accounts"), 401, "invalid_token", "binding.certificate-missing"
    )
    assert event["client_id"] == "partner"


def test_a_bound_token_with_another_valid_certificate_is_refused(
    partner: Caller, certificate: Issued, other_certificate: Issued, verdict: Verdict
) -> None:
    response = partner.on(other_certificate).get("/accounts")
    event = verdict.refused(response, 401, "invalid_token", "binding.certificate")
    assert event["detail"] == {
        "expected": certificate_confirmation(certificate.der)["x5t#S256"],
        "presented": certificate_confirmation(other_certificate.der)["x5t#S256"],
    }


def test_the_certificate_must_be_in_force(
    partner: Caller, clock: Clock, verdict: Verdict, token: Any
) -> None:
    clock.now += timedelta(hours=2)
    at = int(clock.now.timestamp())
    later = partner.but(token=token(iat=at, exp=at + 300))
    verdict.refused(later.get("/accounts"), 401, "invalid_token", "certificate.expired")


def test_the_certificate_must_not_be_from_the_future(
    partner: Caller, clock: Clock, verdict: Verdict, token: Any
) -> None:
    clock.now -= timedelta(hours=2)
    at = int(clock.now.timestamp())
    earlier = partner.but(token=token(iat=at, exp=at + 300))
    verdict.refused(earlier.get("/accounts"), 401, "invalid_token", "certificate.not-yet-valid")


@pytest.fixture
def bound_to(token: Callable[..., str]) -> Callable[[Issued], Caller]:
    """The partner, with a token that was bound to this certificate, which it presents."""
    return lambda issued: Caller((issued.der,), token(cnf=certificate_confirmation(issued.der)))


def test_a_scheme_certificate_for_another_purpose_is_refused_although_the_token_is_bound_to_it(
    scheme: Scheme, bound_to: Callable[[Issued], Caller], verdict: Verdict
) -> None:
    verdict.accepted(bound_to(issue(scheme.issuing)).get("/accounts"))
    server = bound_to(issue(scheme.issuing, usages=SERVER))
    verdict.refused(server.get("/accounts"), 401, "invalid_token", "certificate.purpose-wrong")


def test_a_forged_certificate_of_the_scheme_is_refused_although_the_token_is_bound_to_it(
    scheme: Scheme, bound_to: Callable[[Issued], Caller], verdict: Verdict
) -> None:
    forged = issue(None, claimed_issuer=scheme.issuing)
    verdict.refused(bound_to(forged).get("/accounts"), 401, "invalid_token", "certificate.chain")


def test_a_foreign_certificate_binds_a_token_only_where_the_setting_says_so(
    bound_to: Callable[[Issued], Caller], verdict: Verdict, settings: Any
) -> None:
    foreign = bound_to(issue(make_scheme("Foreign").issuing))
    verdict.refused(foreign.get("/accounts"), 401, "invalid_token", "certificate.foreign")
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"ACCEPT_FOREIGN_CERTIFICATES": True}
    verdict.accepted(foreign.get("/accounts"))


def test_a_malformed_certificate_is_refused(partner: Caller, verdict: Verdict) -> None:
    broken = partner.but(certificates=(b"\x30\x03\x02\x01\x00",))
    verdict.refused(broken.get("/accounts"), 401, "invalid_token", "certificate.malformed")


@pytest.mark.clause("RFC 9440 §4")
@pytest.mark.parametrize(
    "header", ["Client-Cert", "X-SSL-Client-Cert", "X-Client-Cert", "X-Forwarded-Client-Cert"]
)
@pytest.mark.parametrize("form", ["pem", "byte-sequence"])
def test_a_certificate_in_a_header_is_ignored_and_recorded(
    partner: Caller, certificate: Issued, verdict: Verdict, header: str, form: str
) -> None:
    import base64

    value = (
        quote(certificate.pem.decode())
        if form == "pem"
        else f":{base64.b64encode(certificate.der).decode()}:"
    )
    response = partner.on().get("/accounts", **{header: value})
    verdict.refused(response, 401, "invalid_token", "binding.certificate-missing")
    ignored = next(e for e in verdict.trail.events() if e["event"] == "peer.certificate_header_ignored")
    assert ignored["detail"]["headers"] == [header.lower()]
    assert ignored["outcome"] == "recorded"


@pytest.mark.clause("RFC 9440 §4")
def test_a_certificate_in_a_header_does_not_replace_the_one_of_the_connection(
    partner: Caller, other_certificate: Issued, verdict: Verdict
) -> None:
    smuggled = {"Client-Cert": quote(other_certificate.pem.decode())}
    verdict.accepted(partner.get("/accounts", **smuggled))


def test_an_unbound_token_is_refused_even_with_a_certificate(
    partner: Caller, token: Callable[..., str], verdict: Verdict
) -> None:
    unbound = partner.but(token=token(cnf=None))
    verdict.refused(unbound.get("/accounts"), 401, "invalid_token", "binding.unbound")


@pytest.mark.parametrize(
    ("cnf", "rule"),
    [
        ({}, "confirmation.malformed"),
        ("x5t#S256", "confirmation.malformed"),
        ({"kid": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}, "confirmation.unknown"),
        ({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}, "binding.dpop-token-as-bearer"),
        ({"x5t#S256": ""}, "confirmation.malformed-thumbprint"),
    ],
)
@pytest.mark.parametrize("path", ["/accounts", "/demo/bearer/accounts"])
def test_a_confirmation_that_cannot_be_proven_is_refused_on_every_route(
    partner: Caller, token: Callable[..., str], verdict: Verdict, path: str, cnf: Any, rule: str
) -> None:
    verdict.refused(partner.but(token=token(cnf=cnf)).get(path), 401, "invalid_token", rule)


class TestTheBearerRoute:
    """The one route that accepts an unbound token: to show what stealing one is worth."""

    PATH = "/demo/bearer/accounts"

    @pytest.fixture
    def thief(self, token: Callable[..., str]) -> Caller:
        """Somebody without any certificate, with the unbound token of the demo's bearer client."""
        return Caller((), token(cnf=None, sub="partner-bearer", client_id="partner-bearer"))

    def test_it_accepts_the_bearer_clients_token_from_anybody(
        self, thief: Caller, account: Account, verdict: Verdict
    ) -> None:
        body = verdict.accepted(thief.get(self.PATH))
        assert [each["id"] for each in body["accounts"]] == [str(account.pk)]

    def test_no_other_route_does(self, thief: Caller, verdict: Verdict) -> None:
        verdict.refused(thief.get("/accounts"), 401, "invalid_token", "binding.unbound")

    def test_it_accepts_no_other_clients_unbound_token(
        self, thief: Caller, token: Callable[..., str], verdict: Verdict
    ) -> None:
        other = thief.but(token=token(cnf=None))
        verdict.refused(other.get(self.PATH), 401, "invalid_token", "binding.bearer-client")

    def test_it_accepts_no_bound_token_without_its_certificate(
        self, thief: Caller, partner: Caller, verdict: Verdict
    ) -> None:
        stolen = thief.but(token=partner.token)
        verdict.refused(stolen.get(self.PATH), 401, "invalid_token", "binding.certificate-missing")
        verdict.accepted(partner.get(self.PATH))

    def test_it_demands_the_scope_too(
        self, thief: Caller, token: Callable[..., str], verdict: Verdict
    ) -> None:
        unbound = token(cnf=None, sub="partner-bearer", client_id="partner-bearer", scope="payments")
        verdict.refused(thief.but(token=unbound).get(self.PATH), 403, "insufficient_scope", "token.scope")
