"""Accounts, balances and transactions: a client sees only what was opened to it."""

import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bank_api.accounts import views
from bank_api.accounts.models import Account, Transaction
from tests.bank_api.caller import Caller, Verdict
from tests.sender_constraint.pki import NOW

pytestmark = pytest.mark.django_db

ROUTES = ("/accounts/{}", "/accounts/{}/balances", "/accounts/{}/transactions")


def test_a_client_lists_only_the_accounts_that_were_opened_to_it(
    partner: Caller,
    other_partner: Caller,
    account: Account,
    foreign_account: Account,
    verdict: Verdict,
) -> None:
    assert verdict.accepted(partner.get("/accounts")) == {
        "accounts": [
            {"id": str(account.pk), "name": "Current", "iban": "GB51EXMP20000012345678", "currency": "EUR"}
        ]
    }
    (other,) = verdict.accepted(other_partner.get("/accounts"))["accounts"]
    assert other["id"] == str(foreign_account.pk)


def test_an_account_is_read_by_its_identifier(partner: Caller, account: Account, verdict: Verdict) -> None:
    body = verdict.accepted(partner.get(f"/accounts/{account.pk}"))
    assert body == {
        "id": str(account.pk),
        "name": "Current",
        "iban": "GB51EXMP20000012345678",
        "currency": "EUR",
    }


def test_a_balance_is_a_decimal_string_with_its_currency(
    partner: Caller, account: Account, verdict: Verdict
) -> None:
    body = verdict.accepted(partner.get(f"/accounts/{account.pk}/balances"))
    amount = {"amount": "1000.00", "currency": "EUR"}
    assert body == {"balances": [{"type": "available", "amount": amount}]}


@pytest.mark.clause("RFC 9700 §2.3")
@pytest.mark.parametrize("route", ROUTES)
def test_another_clients_account_looks_like_none_outside_and_has_its_own_reason_inside(
    partner: Caller, account: Account, foreign_account: Account, verdict: Verdict, route: str
) -> None:
    verdict.accepted(partner.get(route.format(account.pk)))
    opened_to_other = partner.get(route.format(foreign_account.pk))
    verdict.problem(opened_to_other, 404, "accounts.not-opened")
    unknown = partner.get(route.format(uuid.uuid4()))
    verdict.problem(unknown, 404, "accounts.unknown")
    assert opened_to_other.json() == unknown.json()
    assert set(opened_to_other.headers) == set(unknown.headers)


@pytest.mark.parametrize("route", ROUTES)
def test_another_clients_account_costs_the_database_as_much_as_none(
    partner: Caller, foreign_account: Account, route: str
) -> None:
    asked = []
    for identifier in (foreign_account.pk, uuid.uuid4()):
        with CaptureQueriesContext(connection) as queries:
            assert partner.get(route.format(identifier)).status_code == 404
        asked.append([query["sql"].replace(identifier.hex, "") for query in queries])
    assert asked[0] == asked[1]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "identifier", ["1", "none", "{upper}", "{hex}", "%00", "%F0%9F%92%A9", "{urn}", "a" * 1000]
)
def test_a_malformed_identifier_is_an_unknown_one(
    partner: Caller, account: Account, verdict: Verdict, route: str, identifier: str
) -> None:
    text = identifier.format(upper=str(account.pk).upper(), hex=account.pk.hex, urn=account.pk.urn)
    verdict.problem(partner.get(route.format(text)), 404, "accounts.unknown")


class TestTransactions:
    @pytest.fixture
    def bookings(self, account: Account) -> list[Transaction]:
        """Five, the newest first; two of them at the same moment."""
        moments = [NOW, NOW, *(NOW - timedelta(days=day) for day in (1, 2, 3))]
        made = [
            Transaction.objects.create(
                account=account, booked_at=moment, amount_minor_units=-number, description=f"number {number}"
            )
            for number, moment in enumerate(moments)
        ]
        return sorted(made, key=lambda each: (-each.booked_at.timestamp(), each.pk))

    def test_they_come_newest_first(
        self, partner: Caller, account: Account, bookings: list[Transaction], verdict: Verdict
    ) -> None:
        response = partner.get(f"/accounts/{account.pk}/transactions")
        rows = verdict.accepted(response)["transactions"]
        assert [row["id"] for row in rows] == [str(each.pk) for each in bookings]
        assert rows[-1] == {
            "id": str(bookings[-1].pk),
            "booked_at": "2026-02-26T12:00:00Z",
            "amount": {"amount": "-0.04", "currency": "EUR"},
            "description": "number 4",
        }
        assert "Link" not in response.headers

    @pytest.mark.clause("RFC 8288 §3")
    def test_a_long_list_comes_in_pages_that_a_link_connects(
        self,
        partner: Caller,
        account: Account,
        bookings: list[Transaction],
        verdict: Verdict,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(views, "TRANSACTIONS_PER_PAGE", 2)
        path, seen = f"/accounts/{account.pk}/transactions", []
        while path:
            response = partner.get(path)
            page = verdict.accepted(response)["transactions"]
            assert len(page) <= 2
            seen += [row["id"] for row in page]
            link = response.headers.get("Link", "")
            assert not link or link.endswith('>; rel="next"')
            path = link.removeprefix("<https://localhost:8442").removesuffix('>; rel="next"')
        assert seen == [str(each.pk) for each in bookings]

    @pytest.mark.parametrize("before", ["1", "", "%00", "00000000-0000-4000-8000-000000000000"])
    def test_a_page_before_nothing_known_is_refused(
        self, partner: Caller, account: Account, verdict: Verdict, before: str
    ) -> None:
        response = partner.get(f"/accounts/{account.pk}/transactions?before={before}")
        verdict.problem(response, 400, "accounts.before")

    def test_a_booking_of_another_account_is_nothing_known(
        self, partner: Caller, account: Account, foreign_account: Account, verdict: Verdict
    ) -> None:
        booking = Transaction.objects.create(
            account=foreign_account, booked_at=NOW, amount_minor_units=1, description="theirs"
        )
        response = partner.get(f"/accounts/{account.pk}/transactions?before={booking.pk}")
        verdict.problem(response, 400, "accounts.before")


def test_preparing_twice_opens_the_accounts_of_the_demo_once(partner: Caller, verdict: Verdict) -> None:
    def prepared() -> Any:
        call_command("prepare", stdout=io.StringIO())
        return list(Account.objects.order_by("iban").values())

    assert prepared() == prepared()
    assert len(verdict.accepted(partner.get("/accounts"))["accounts"]) == 2
