"""Accounts at the API, over real sockets: a client sees what was opened to it, and learns of nothing else."""

import uuid

import pytest

from tests.e2e.calling import APICaller
from tests.e2e.verdict import Verdict

ANSWERED = "api.call"
VIEWS = ["", "/balances", "/transactions"]


@pytest.mark.clause("RFC 9700 §2.3")
@pytest.mark.parametrize("view", VIEWS, ids=["account", "balances", "transactions"])
def test_an_unknown_account_and_another_clients_get_one_answer_and_two_reasons(
    api: APICaller, other_api: APICaller, verdict: Verdict, view: str
) -> None:
    own, others = api.account(), other_api.account()
    verdict.accepted(api.gets(f"/accounts/{own}{view}"), ANSWERED)
    verdict.accepted(other_api.gets(f"/accounts/{others}{view}"), ANSWERED)
    unknown = api.gets(f"/accounts/{uuid.uuid4()}{view}")
    verdict.problem(unknown, 404, "accounts.unknown")
    of_another = api.gets(f"/accounts/{others}{view}")
    event = verdict.problem(of_another, 404, "accounts.not-opened")
    assert (event["client_id"], event["detail"]["presented"]) == ("partner", others)
    assert unknown.body == of_another.body


@pytest.mark.clause("RFC 9110 §15.5.5")
@pytest.mark.parametrize(
    "identifier", ["1", "{upper}", "{hex}", "%00", "%ff", "..%2f", "'%20OR%201=1%20--", "x" * 200]
)
def test_what_is_no_identifier_is_an_unknown_account(
    api: APICaller, verdict: Verdict, identifier: str
) -> None:
    own = api.account()
    verdict.accepted(api.gets(f"/accounts/{own}"), ANSWERED)
    written = identifier.format(upper=own.upper(), hex=own.replace("-", ""))
    assert written != own
    exchange = api.gets(f"/accounts/{written}")
    rule = "request.path" if written == "..%2f" else "accounts.unknown"
    verdict.problem(exchange, 404, rule)


@pytest.mark.clause("RFC 9700 §2.3")
def test_a_list_of_accounts_holds_only_what_was_opened_to_the_client(
    api: APICaller, other_api: APICaller, verdict: Verdict
) -> None:
    own, others = api.gets(), other_api.gets()
    verdict.accepted(own, ANSWERED)
    verdict.accepted(others, ANSWERED)
    seen = [{account["id"] for account in each.json()["accounts"]} for each in (own, others)]
    assert all(seen)
    assert not seen[0] & seen[1]
