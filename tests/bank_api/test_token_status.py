"""draft-ietf-oauth-status-list-21: a revoked token opens nothing, and neither does one without a status."""

from collections.abc import Callable
from typing import Any

import pytest

from bank_api.accounts.models import Account
from tests.bank_api.caller import Caller, Verdict
from tests.bank_api.conftest import PROMISE_SECONDS, Clock
from tests.bank_api.issuer import STATUS_LIST, TestIssuer
from tests.waiting import eventually

IN_THE_LIST = {"status_list": {"idx": 7, "uri": STATUS_LIST}}


@pytest.fixture
def listed(
    partner: Caller,
    token: Callable[..., str],
    account: Account,  # noqa: ARG001 - a fixture used for its effect
) -> Caller:
    """The partner with a token that has its status in the issuer's list."""
    return partner.but(token=token(status=IN_THE_LIST))


def accounts(caller: Caller) -> Any:
    return caller.get("/accounts")


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §8.3")
def test_a_token_is_good_as_long_as_its_list_says_so(listed: Caller, issuer: TestIssuer) -> None:
    issuer.revoked = {6, 8}

    assert accounts(listed).status_code == 200


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §7.1")
def test_a_revoked_token_is_refused(listed: Caller, issuer: TestIssuer, verdict: Verdict) -> None:
    issuer.revoked = {7}

    verdict.refused(accounts(listed), 401, "invalid_token", "token.revoked")


def test_a_revocation_is_noticed_within_the_promise(
    listed: Caller, issuer: TestIssuer, clock: Clock, verdict: Verdict
) -> None:
    assert accounts(listed).status_code == 200
    issuer.revoked = {7}
    assert accounts(listed).status_code == 200

    clock.later(PROMISE_SECONDS / 2)
    eventually(lambda: accounts(listed).status_code == 401, "the token is refused")

    verdict.refused(accounts(listed), 401, "invalid_token", "token.revoked")


@pytest.mark.clause("RFC 9110 §15.6.4")
def test_without_a_list_as_young_as_promised_nobody_is_served(
    listed: Caller, issuer: TestIssuer, clock: Clock, verdict: Verdict
) -> None:
    assert accounts(listed).status_code == 200
    issuer.reachable = False
    clock.later(PROMISE_SECONDS - 0.1)
    assert accounts(listed).status_code == 200

    clock.later(0.1)
    response = accounts(listed)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    event = verdict.trail.last()
    assert event["rule"] == "token.status-stale"
    assert (event["detail"]["age_seconds"], event["detail"]["promise_seconds"]) == (5.0, 5)

    issuer.reachable = True
    clock.later(2)
    assert accounts(listed).status_code == 200


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §6.1")
@pytest.mark.parametrize(
    "status",
    [
        {},
        "good",
        {"other_list": {"id": 1}},
        {"status_list": {"idx": "7", "uri": STATUS_LIST}},
        {"status_list": {"idx": 7, "uri": "http://localhost:8441/status-lists/1"}},
    ],
    ids=str,
)
def test_a_reference_that_leads_nowhere_is_refused(
    partner: Caller, issuer: TestIssuer, account: Account, verdict: Verdict, status: Any
) -> None:
    del account
    token = issuer.token(status=status)

    verdict.refused(accounts(partner.but(token=token)), 401, "invalid_token", "token.status-claim")


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §8.3")
def test_a_place_beyond_the_end_of_the_list_is_refused(
    partner: Caller, token: Callable[..., str], account: Account, verdict: Verdict
) -> None:
    del account
    last, beyond = (token(status={"status_list": {"idx": index, "uri": STATUS_LIST}}) for index in (63, 64))
    assert accounts(partner.but(token=last)).status_code == 200

    verdict.refused(accounts(partner.but(token=beyond)), 401, "invalid_token", "token.status-index")


def test_a_token_that_refers_to_no_list_lives_until_it_expires(
    partner: Caller, account: Account, issuer: TestIssuer
) -> None:
    del account
    issuer.revoked = set(range(64))

    assert accounts(partner).status_code == 200
