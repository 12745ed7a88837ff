"""The bank's admin shows accounts and payments, and moves no money."""

from collections.abc import Iterator
from typing import Any

import pytest

from bank_api.accounts.models import Account, Transaction
from bank_api.payments.models import IdempotencyRecord, Payment
from tests.administration import (
    Shown,
    assert_nobody_changes,
    looking,
    pages_served,
    superuser,
    unguarded_models,
)
from tests.bank_api.caller import Caller


@pytest.fixture
def pages(partner: Caller, instruction: dict[str, Any]) -> Iterator[None]:
    """With a payment that was made, and one that was refused."""
    assert partner.pays(instruction).status_code == 201
    instruction["amount"]["amount"] = "99999.00"
    assert partner.pays(instruction, "key-2").status_code == 422
    with pages_served():
        yield


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize("model", [Account, Transaction, Payment, IdempotencyRecord])
def test_nobody_changes_what_the_bank_has_booked(model: type[Any]) -> None:
    assert_nobody_changes(model.objects.earliest("pk"))


def test_everything_that_it_shows_is_only_shown() -> None:
    assert unguarded_models(("accounts", "payments")) == []


@pytest.mark.usefixtures("pages")
def test_amounts_have_their_currency_and_payments_their_client() -> None:
    client, payment = looking(superuser()), Payment.objects.get()
    for view in ("changelist", "change"):
        page = client.get(Shown(payment).url(view)).content.decode()
        for words in ("12.34 EUR", "partner", "Paper Mill Ltd"):
            assert words in page
    assert "-12.34 EUR" in client.get(Shown(payment.transaction).url("changelist")).content.decode()
    accounts = client.get(Shown(payment.debtor_account).url("changelist"), {"q": "partner"}).content.decode()
    assert "987.66 EUR" in accounts


@pytest.mark.usefixtures("pages")
def test_a_refused_payment_is_found_by_the_rule_that_refused_it() -> None:
    client, refused = looking(superuser()), IdempotencyRecord.objects.get(payment=None)
    page = client.get(Shown(refused).url("changelist"), {"refused_by": "payments.funds"}).content.decode()
    assert "key-2" in page
    assert "key-1" not in page


@pytest.mark.usefixtures("pages")
def test_the_documentation_needs_nobody_to_log_in(client: Any) -> None:
    assert client.get("/documentation", SERVER_NAME="localhost").status_code == 200
    assert client.get("/admin/", SERVER_NAME="localhost").status_code == 302
