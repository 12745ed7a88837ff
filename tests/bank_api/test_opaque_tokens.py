"""RFC 7662: opaque tokens, about which the API asks their issuer, and checks what it says."""

from collections.abc import Callable
from typing import Any

import pytest

from bank_api.accounts.models import Account
from sender_constraint.core.confirmation import certificate_confirmation
from tests.bank_api.caller import Caller, Verdict
from tests.bank_api.conftest import PROMISE_SECONDS, Clock
from tests.bank_api.issuer import ISSUER, RESOURCE, TestIssuer
from tests.sender_constraint.pki import NOW, Issued
from tests.waiting import eventually

TOKEN = "n3Wdx6b0cJ7vG1qkQmZ4y9tLr2pVs8aEhUiKoXfCwDg"


@pytest.fixture
def says(issuer: TestIssuer, certificate: Issued) -> Callable[..., dict[str, Any]]:
    """Has the issuer say this about the token: valid, but for members changed, or left out if None."""

    def say(**changes: Any) -> dict[str, Any]:
        now = int(NOW.timestamp())
        valid = {
            "active": True,
            "token_type": "Bearer",
            "iss": ISSUER,
            "sub": "partner",
            "client_id": "partner",
            "aud": RESOURCE,
            "iat": now,
            "exp": now + 300,
            "jti": "4f0c2a3e",
            "scope": "accounts payments",
            "cnf": certificate_confirmation(certificate.der),
        }
        answer = {name: value for name, value in {**valid, **changes}.items() if value is not None}
        issuer.opaque[TOKEN] = answer
        return answer

    return say


@pytest.fixture
def caller(partner: Caller, account: Account, says: Callable[..., dict[str, Any]]) -> Caller:
    """The partner with an opaque token."""
    del account
    says()
    return partner.but(token=TOKEN)


def accounts(caller: Caller) -> Any:
    return caller.get("/accounts")


@pytest.mark.clause("RFC 7662 §2.2")
def test_an_opaque_token_is_as_good_as_a_signed_one(caller: Caller, verdict: Verdict) -> None:
    assert accounts(caller).status_code == 200
    assert verdict.trail.last()["client_id"] == "partner"
    assert TOKEN not in verdict.trail.file.read_text()


@pytest.mark.clause("RFC 7662 §2.2")
def test_what_the_issuer_may_leave_out_follows_from_who_was_asked(
    caller: Caller, says: Callable[..., dict[str, Any]]
) -> None:
    says(iss=None, sub=None, iat=None, jti=None, token_type=None)

    assert accounts(caller).status_code == 200


@pytest.mark.clause("RFC 7662 §2.2")
@pytest.mark.parametrize(
    "other", [TOKEN[:-1], TOKEN + "A", "guess", "a.b", "ory_at_x.y", "/" * 8000], ids=lambda other: other[:12]
)
def test_a_token_that_the_issuer_does_not_know_is_refused(
    caller: Caller, verdict: Verdict, other: str
) -> None:
    verdict.refused(accounts(caller.but(token=other)), 401, "invalid_token", "token.inactive")


@pytest.mark.clause("RFC 8705 §3")
def test_an_opaque_token_with_another_certificate_is_refused(
    caller: Caller, other_certificate: Issued, verdict: Verdict
) -> None:
    verdict.refused(accounts(caller.on(other_certificate)), 401, "invalid_token", "binding.certificate")


@pytest.mark.clause("RFC 7662 §4")
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"iss": "https://thief.example"}, "token.issuer"),
        ({"aud": "https://other-api.example"}, "token.audience"),
        ({"aud": None}, "token.claim-missing"),
        ({"exp": None}, "token.claim-missing"),
        ({"client_id": None}, "token.claim-missing"),
        ({"exp": int(NOW.timestamp()) - 5}, "token.expired"),
        ({"exp": "soon"}, "token.claim-type"),
        ({"iat": int(NOW.timestamp()) + 60}, "token.issued-in-future"),
        ({"cnf": None}, "binding.unbound"),
        ({"cnf": {}}, "confirmation.malformed"),
        ({"cnf": {"x5t#S256": "short"}}, "confirmation.malformed-thumbprint"),
    ],
    ids=str,
)
def test_what_the_issuer_says_is_checked_like_the_claims_of_a_jwt(
    caller: Caller, verdict: Verdict, says: Callable[..., dict[str, Any]], changes: Any, rule: str
) -> None:
    says(**changes)

    verdict.refused(accounts(caller), 401, "invalid_token", rule)


@pytest.mark.clause("RFC 7662 §4")
def test_a_revocation_is_noticed_within_the_promise(
    caller: Caller, issuer: TestIssuer, clock: Clock, verdict: Verdict
) -> None:
    assert accounts(caller).status_code == 200
    issuer.opaque.clear()
    assert accounts(caller).status_code == 200

    clock.later(PROMISE_SECONDS / 2)
    eventually(lambda: accounts(caller).status_code == 401, "the token is refused")

    verdict.refused(accounts(caller), 401, "invalid_token", "token.inactive")


@pytest.mark.clause("RFC 9110 §15.6.4")
def test_while_the_issuer_is_away_nobody_is_served_beyond_the_promise(
    caller: Caller, issuer: TestIssuer, clock: Clock, verdict: Verdict
) -> None:
    assert accounts(caller).status_code == 200
    issuer.reachable = False
    clock.later(PROMISE_SECONDS - 0.1)
    assert accounts(caller).status_code == 200

    clock.later(0.1)
    response = accounts(caller)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert verdict.trail.last()["rule"] == "service.introspection"


@pytest.mark.clause("RFC 7662 §2.2")
@pytest.mark.parametrize("answer", [{}, {"active": "true"}, {"active": 1}, {"active": None}], ids=str)
def test_an_answer_that_does_not_say_whether_it_is_active_is_none(
    caller: Caller, issuer: TestIssuer, verdict: Verdict, answer: dict[str, Any]
) -> None:
    issuer.opaque[TOKEN] = answer

    assert accounts(caller).status_code == 503
    assert verdict.trail.last()["rule"] == "service.introspection"
