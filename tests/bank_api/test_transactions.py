"""Bookings: their order, pages and dates. RFC 8288 §3 for links, RFC 9110 §15.5.1 for what is refused."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from bank_api.accounts.models import Account, Transaction
from tests.bank_api.caller import Caller, Verdict
from tests.sender_constraint.pki import NOW

pytestmark = pytest.mark.django_db

ORIGIN = "https://localhost:8442"
LINK = re.compile(r'<([^>]*)>; rel="(\w+)"')


def book(account: Account, moment: datetime, description: str = "a booking") -> Transaction:
    return Transaction.objects.create(
        account=account, booked_at=moment, amount_minor_units=-4, description=description
    )


@pytest.fixture
def bookings(account: Account) -> list[Transaction]:
    """Five, the newest first; two of them at the same moment."""
    moments = [NOW, NOW, *(NOW - timedelta(days=day) for day in (1, 2, 3))]
    made = [book(account, moment, f"number {number}") for number, moment in enumerate(moments)]
    return sorted(made, key=lambda each: (-each.booked_at.timestamp(), each.pk))


@pytest.fixture
def path(account: Account) -> str:
    return f"/accounts/{account.pk}/transactions"


def links_of(response: Any) -> dict[str, str]:
    """By relation, the path and query of each link; all are addresses of this API."""
    links = {relation: url for url, relation in LINK.findall(response.headers["Link"])}
    assert all(url.startswith(f"{ORIGIN}/accounts/") for url in links.values())
    return {relation: url.removeprefix(ORIGIN) for relation, url in links.items()}


def pages(partner: Caller, verdict: Verdict, path: str) -> Iterator[list[str]]:
    """The identifiers on each page, following the links."""
    while path:
        response = partner.get(path)
        yield [row["id"] for row in verdict.accepted(response)["transactions"]]
        path = links_of(response).get("next", "")


def test_they_come_newest_first(
    partner: Caller, path: str, bookings: list[Transaction], verdict: Verdict
) -> None:
    response = partner.get(path)
    rows = verdict.accepted(response)["transactions"]
    assert [row["id"] for row in rows] == [str(each.pk) for each in bookings]
    assert rows[-1] == {
        "id": str(bookings[-1].pk),
        "booked_at": "2026-02-26T12:00:00Z",
        "amount": {"amount": "-0.04", "currency": "EUR"},
        "description": "number 4",
    }
    assert links_of(response) == {"first": path}


@pytest.mark.clause("RFC 8288 §3")
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 500])
def test_links_connect_the_pages_of_a_long_list(
    partner: Caller, path: str, bookings: list[Transaction], verdict: Verdict, limit: int
) -> None:
    seen = list(pages(partner, verdict, f"{path}?limit={limit}"))
    assert [len(page) for page in seen[:-1]] == [limit] * (len(seen) - 1)
    assert 0 < len(seen[-1]) <= limit
    assert list(chain(*seen)) == [str(each.pk) for each in bookings]


@pytest.mark.clause("RFC 8288 §3")
def test_each_page_leads_back_to_the_first(
    partner: Caller, path: str, bookings: list[Transaction], verdict: Verdict
) -> None:
    asked = f"{path}?date_from=2026-02-27&limit=2"
    second = partner.get(links_of(partner.get(asked))["next"])
    first = partner.get(links_of(second)["first"])
    assert first.json() == partner.get(asked).json()
    assert first.json() != verdict.accepted(second)
    assert bookings


def test_without_a_limit_a_page_has_a_hundred(
    partner: Caller, account: Account, path: str, verdict: Verdict
) -> None:
    rows = [
        Transaction(account=account, booked_at=NOW, amount_minor_units=1, description=str(number))
        for number in range(101)
    ]
    Transaction.objects.bulk_create(rows)
    assert [len(page) for page in pages(partner, verdict, path)] == [100, 1]


def test_bookings_that_arrive_between_two_pages_move_none_to_another_page(
    partner: Caller, account: Account, path: str, bookings: list[Transaction], verdict: Verdict
) -> None:
    seen: list[str] = []
    for page in pages(partner, verdict, f"{path}?limit=2"):
        seen += page
        # One newer than all, and one as old as the newest, which its identifier puts before or after it.
        book(account, NOW + timedelta(seconds=len(seen)))
        Transaction.objects.create(
            id=uuid.UUID(int=len(seen)),
            account=account,
            booked_at=NOW,
            amount_minor_units=1,
            description="late",
        )
    assert [each for each in seen if each in {str(each.pk) for each in bookings}] == [
        str(each.pk) for each in bookings
    ]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("date_from=2026-02-27", {0, 1, 2, 3}),
        ("date_to=2026-02-27", {3, 4}),
        ("date_from=2026-02-27&date_to=2026-02-28", {2, 3}),
        ("date_from=2026-02-26&date_to=2026-02-26", {4}),
        ("date_from=2026-03-02", set()),
        ("date_from=0001-01-01&date_to=9999-12-31", {0, 1, 2, 3, 4}),
    ],
)
def test_a_range_of_dates_has_both_of_its_days(
    partner: Caller, path: str, bookings: list[Transaction], verdict: Verdict, query: str, numbers: set[int]
) -> None:
    assert len(bookings) == 5
    rows = verdict.accepted(partner.get(f"{path}?{query}"))["transactions"]
    assert {row["description"] for row in rows} == {f"number {number}" for number in numbers}
    paged = list(pages(partner, verdict, f"{path}?{query}&limit=1"))
    assert list(chain(*paged)) == [row["id"] for row in rows]


def test_a_day_lasts_from_midnight_to_midnight_in_utc(
    partner: Caller, account: Account, path: str, verdict: Verdict
) -> None:
    day = datetime(2026, 2, 27, tzinfo=UTC)
    last = day + timedelta(days=1, microseconds=-1)
    for moment in (day - timedelta(microseconds=1), day, last, day + timedelta(days=1)):
        book(account, moment, moment.isoformat())
    answer = verdict.accepted(partner.get(f"{path}?date_from=2026-02-27&date_to=2026-02-27"))
    assert [row["description"] for row in answer["transactions"]] == [last.isoformat(), day.isoformat()]


@pytest.mark.clause("RFC 9110 §15.5.1")
@pytest.mark.parametrize("before", ["1", "", "%00", "00000000-0000-4000-8000-000000000000"])
def test_a_page_before_nothing_known_is_refused(
    partner: Caller, path: str, verdict: Verdict, before: str
) -> None:
    verdict.problem(partner.get(f"{path}?before={before}"), 400, "accounts.before")


@pytest.mark.clause("RFC 9700 §2.3")
def test_a_booking_of_another_account_is_nothing_known(
    partner: Caller, path: str, foreign_account: Account, verdict: Verdict
) -> None:
    theirs = partner.get(f"{path}?before={book(foreign_account, NOW).pk}")
    verdict.problem(theirs, 400, "accounts.before")
    assert theirs.json() == partner.get(f"{path}?before={uuid.uuid4()}").json()


@pytest.mark.clause("RFC 3339 §5.6")
@pytest.mark.parametrize("name", ["date_from", "date_to"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-02-30",
        "2026-13-01",
        "0000-01-01",
        "2026-2-1",
        "20260201",
        "2026-W05-1",
        "2026-02-01T00:00:00Z",
        "2026-02-01%20",
        "%D9%A2026-02-01",
        "10000-01-01",
        "%00",
    ],
)
def test_what_is_no_date_is_refused_by_name(
    partner: Caller, path: str, verdict: Verdict, name: str, text: str
) -> None:
    verdict.accepted(partner.get(f"{path}?{name}=2026-02-01"))
    response = partner.get(f"{path}?{name}={text}")
    verdict.problem(response, 400, "accounts.dates")
    assert response.json()["detail"].startswith(f"{name} is not a date")


@pytest.mark.clause("RFC 9110 §15.5.1")
def test_a_range_that_ends_before_it_begins_is_refused(partner: Caller, path: str, verdict: Verdict) -> None:
    verdict.accepted(partner.get(f"{path}?date_from=2026-02-01&date_to=2026-02-01"))
    response = partner.get(f"{path}?date_from=2026-02-02&date_to=2026-02-01")
    verdict.problem(response, 400, "accounts.dates")


@pytest.mark.clause("RFC 9110 §15.5.1")
@pytest.mark.parametrize(
    "limit", ["0", "-1", "501", "1000", "5e1", "+5", "05", "5.0", "", "all", "%D9%A5", "%00"]
)
def test_a_limit_that_is_not_offered_is_refused(
    partner: Caller, path: str, verdict: Verdict, limit: str
) -> None:
    verdict.problem(partner.get(f"{path}?limit={limit}"), 400, "accounts.limit")


@pytest.mark.clause("RFC 9110 §15.5.1")
@pytest.mark.parametrize(
    "query", ["datefrom=2026-02-01", "limit=5&limit=6", "limit=5&Limit=5", "page=2", "%00=1", "=1", "a" * 900]
)
def test_an_unknown_or_repeated_parameter_is_refused_and_not_passed_over(
    partner: Caller, path: str, verdict: Verdict, query: str
) -> None:
    verdict.accepted(partner.get(f"{path}?limit=5"))
    verdict.problem(partner.get(f"{path}?{query}"), 400, "accounts.page-parameters")


def test_a_refusal_of_a_page_comes_after_the_account_is_known_to_be_the_callers(
    partner: Caller, foreign_account: Account, verdict: Verdict
) -> None:
    response = partner.get(f"/accounts/{foreign_account.pk}/transactions?limit=0")
    verdict.problem(response, 404, "accounts.not-opened")
