"""Accounts and balances: a client sees only what was opened to it."""

import io
import uuid
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bank_api.accounts.models import Account
from tests.bank_api.caller import Caller, Verdict

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


def test_preparing_twice_opens_the_accounts_of_the_demo_once(partner: Caller, verdict: Verdict) -> None:
    def prepared() -> Any:
        call_command("prepare", stdout=io.StringIO())
        return list(Account.objects.order_by("iban").values())

    assert prepared() == prepared()
    assert len(verdict.accepted(partner.get("/accounts"))["accounts"]) == 2
