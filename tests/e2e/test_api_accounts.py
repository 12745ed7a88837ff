"""Accounts at the API, over real sockets: a client sees what was opened to it, and learns of nothing else."""

import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.calling import PAYMENT, APICaller
from tests.e2e.verdict import Verdict
from workshop.wire import NO_CREDENTIALS

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


@pytest.mark.clause("RFC 8288 §3")
def test_pages_that_are_read_while_payments_are_booked_hold_each_booking_once(
    api: APICaller, verdict: Verdict
) -> None:
    account = api.account()

    def pays(number: int) -> int | None:
        return api.pays({**PAYMENT, "debtor_account": account}, f"{uuid.uuid4()}-{number}").status

    assert {pays(number) for number in range(5)} == {201}
    there = [row["id"] for page in pages(api, verdict, account, 500) for row in page]
    with ThreadPoolExecutor(max_workers=3) as booking:
        meanwhile = [booking.submit(pays, number) for number in range(12)]
        seen = [row["id"] for page in pages(api, verdict, account, 2) for row in page]
    assert {each.result() for each in meanwhile} == {201}
    assert len(set(seen)) == len(seen)
    assert [each for each in seen if each in set(there)] == there


def pages(api: APICaller, verdict: Verdict, account: str, limit: int) -> Iterator[list[dict[str, str]]]:
    """The bookings of an account, following the links."""
    path: str | None = f"/accounts/{account}/transactions?limit={limit}"
    while path is not None:
        exchange = api.gets(path)
        verdict.accepted(exchange, ANSWERED)
        yield exchange.json()["transactions"]
        following = re.search(rf'<{re.escape(api.url)}([^>]*)>; rel="next"', exchange.headers["link"])
        path = following[1] if following else None


@pytest.mark.clause("RFC 9110 §15.5.1")
@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("limit=0", "accounts.limit"),
        ("limit=501", "accounts.limit"),
        ("date_from=2026-02-30", "accounts.dates"),
        ("date_from=2026-03-02&date_to=2026-03-01", "accounts.dates"),
        ("before=00000000-0000-4000-8000-000000000000", "accounts.before"),
        ("before={theirs}", "accounts.before"),
        ("limit=1&limit=2", "accounts.page-parameters"),
        ("datefrom=2026-03-01", "accounts.page-parameters"),
    ],
)
def test_a_page_that_cannot_be_given_is_refused_by_its_rule(
    api: APICaller, other_api: APICaller, verdict: Verdict, query: str, rule: str
) -> None:
    path = f"/accounts/{api.account()}/transactions"
    verdict.accepted(api.gets(f"{path}?limit=1&date_from=2020-01-01"), ANSWERED)
    account = other_api.account()
    assert other_api.pays({**PAYMENT, "debtor_account": account}, str(uuid.uuid4())).status == 201
    (theirs,) = next(pages(other_api, verdict, account, 1))
    verdict.problem(api.gets(f"{path}?{query.format(theirs=theirs['id'])}"), 400, rule)


@pytest.mark.clause("RFC 9728 §5.1")
def test_who_has_no_token_is_led_to_the_authorization_server(api: APICaller, verdict: Verdict) -> None:
    refused = api.gets(Authorization="Basic cGFydG5lcjpzZWNyZXQ=")
    verdict.recorded(refused, outcome="refused", rule="presentation.missing", status=401)
    said = re.search(r'resource_metadata="([^"]*)"', refused.headers["www-authenticate"])
    assert said is not None
    metadata = api.but(credentials=NO_CREDENTIALS).gets(said[1].removeprefix(api.url)).json()
    assert metadata["resource"] == api.url
    (issuer,) = metadata["authorization_servers"]
    published = api.wire.send("GET", f"{issuer}/.well-known/oauth-authorization-server").json()
    assert published["issuer"] == issuer
    assert api.url in published["protected_resources"]
