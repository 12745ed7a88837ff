"""``manage.py open_account``: what a client sees is what was opened to it."""

import io

import pytest
from django.core.management import CommandError, call_command

from bank_api.accounts.access import opened_accounts
from bank_api.accounts.models import Account
from tests.bank_api.caller import Verdict

IBAN = "GB51EXMP20000012345678"


pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return Account.objects.create(name="Current account", iban=IBAN, currency="EUR")


def told(*arguments: str) -> str:
    output = io.StringIO()
    call_command("open_account", *arguments, stdout=output)
    return output.getvalue()


def test_a_client_sees_an_account_once_it_was_opened_to_it_and_no_other_client_does(account: Account) -> None:
    assert list(opened_accounts("acme")) == []

    assert "is open to acme" in told("acme", IBAN)

    assert list(opened_accounts("acme")) == [account]
    assert list(opened_accounts("another")) == []


def test_opening_it_again_changes_nothing(account: Account) -> None:
    told("acme", IBAN)

    assert "is already open to acme" in told("acme", IBAN)
    assert list(opened_accounts("acme")) == [account]


def test_the_trail_says_to_whom_an_account_was_opened(account: Account, verdict: Verdict) -> None:
    told("acme", IBAN)

    event = verdict.trail.last()
    assert (event["event"], event["outcome"], event["client_id"]) == (
        "operator.open_account",
        "accepted",
        "acme",
    )
    assert event["detail"] == {"account": str(account.pk), "iban": IBAN, "already": False}


def test_an_account_that_the_bank_does_not_have_is_refused() -> None:
    with pytest.raises(CommandError, match="no account GB00"):
        told("acme", "GB00")
    assert list(opened_accounts("acme")) == []
