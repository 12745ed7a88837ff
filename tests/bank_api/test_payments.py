"""Payments: what is booked, and what is refused and why."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from bank_api.accounts.models import Account, Transaction
from bank_api.payments.models import IdempotencyRecord, Payment
from tests.bank_api.caller import Caller, Verdict

pytestmark = pytest.mark.django_db

Instruction = dict[str, Any]
KIND = "urn:example:bank:problem:"


def amount_of(value: Any, currency: Any = "EUR") -> dict[str, Any]:
    return {"amount": {"amount": value, "currency": currency}}


def test_a_payment_is_booked_and_answered(
    partner: Caller, account: Account, instruction: Instruction, verdict: Verdict
) -> None:
    response = partner.pays(instruction)
    body = verdict.accepted(response, 201)
    payment = Payment.objects.get()
    assert body == {
        "id": str(payment.pk),
        "status": "accepted",
        **instruction,
        "created_at": payment.created_at.isoformat().replace("+00:00", "Z"),
    }
    assert response.headers["Location"] == f"https://localhost:8442/payments/{payment.pk}"
    assert verdict.trail.last()["detail"]["payment"] == str(payment.pk)
    account.refresh_from_db()
    assert account.available_minor_units == 1000_00 - 12_34
    booking = Transaction.objects.get()
    assert (booking.amount_minor_units, booking.account) == (-12_34, account)
    assert booking.description == "Paper Mill Ltd: Invoice 2041"


def test_a_booking_without_a_reference_has_the_creditors_name_alone(
    partner: Caller, instruction: Instruction, verdict: Verdict
) -> None:
    verdict.accepted(partner.pays({**instruction, "reference": ""}), 201)
    assert Transaction.objects.get().description == "Paper Mill Ltd"


def test_a_payment_is_read_by_the_client_that_made_it_and_by_no_other(
    partner: Caller, other_partner: Caller, instruction: Instruction, verdict: Verdict
) -> None:
    made = verdict.accepted(partner.pays(instruction), 201)
    assert verdict.accepted(partner.get(f"/payments/{made['id']}")) == made
    of_another = other_partner.get(f"/payments/{made['id']}")
    verdict.problem(of_another, 404, "payments.of-another")
    unknown = other_partner.get(f"/payments/{uuid.uuid4()}")
    verdict.problem(unknown, 404, "payments.unknown")
    assert of_another.json() == unknown.json()
    verdict.problem(other_partner.get("/payments/1"), 404, "payments.unknown")


def test_the_reference_may_be_left_out(partner: Caller, instruction: Instruction, verdict: Verdict) -> None:
    del instruction["reference"]
    assert verdict.accepted(partner.pays(instruction), 201)["reference"] == ""


@pytest.mark.parametrize(
    ("written", "answered"), [("0.01", "0.01"), ("5", "5.00"), ("5.5", "5.50"), ("1000.00", "1000.00")]
)
def test_an_amount_is_a_decimal_string_and_answered_with_all_its_decimals(
    partner: Caller, instruction: Instruction, verdict: Verdict, written: str, answered: str
) -> None:
    body = verdict.accepted(partner.pays({**instruction, **amount_of(written)}), 201)
    assert body["amount"] == {"amount": answered, "currency": "EUR"}


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (12.34, "money.amount-form"),
        (12, "money.amount-form"),
        (True, "money.amount-form"),
        (None, "money.amount-form"),
        (["12.34"], "money.amount-form"),
        ({"value": "12.34"}, "money.amount-form"),
        ("", "money.amount-form"),
        ("NaN", "money.amount-form"),
        ("Infinity", "money.amount-form"),
        ("1e2", "money.amount-form"),
        ("1E2", "money.amount-form"),
        ("+12.34", "money.amount-form"),
        ("012.34", "money.amount-form"),
        (".5", "money.amount-form"),
        ("5.", "money.amount-form"),
        ("12,34", "money.amount-form"),
        ("1_000", "money.amount-form"),
        (" 12.34", "money.amount-form"),
        ("12.34\n", "money.amount-form"),
        ("١٢", "money.amount-form"),
        ("0x10", "money.amount-form"),
        ("9" * 10_000, "money.amount-form"),
        ("-1.00", "money.amount-positive"),
        ("-0", "money.amount-positive"),
        ("0", "money.amount-positive"),
        ("0.00", "money.amount-positive"),
        ("12.345", "money.amount-precision"),
        ("12.340", "money.amount-precision"),
        ("100000000.01", "money.amount-maximum"),
        ("9" * 30, "money.amount-maximum"),
    ],
)
def test_another_amount_is_refused_and_books_nothing(
    partner: Caller, account: Account, instruction: Instruction, verdict: Verdict, value: Any, rule: str
) -> None:
    response = partner.pays({**instruction, **amount_of(value)})
    verdict.problem(response, 400, rule)
    assert_nothing_happened(account)
    verdict.accepted(partner.pays(instruction), 201)


@pytest.mark.parametrize(
    ("currency", "rule"), [("XXX", "money.currency-known"), ("eur", "money.currency-known")]
)
def test_an_unknown_currency_is_refused(
    partner: Caller, instruction: Instruction, verdict: Verdict, currency: Any, rule: str
) -> None:
    verdict.problem(partner.pays({**instruction, **amount_of("1", currency)}), 400, rule)


@pytest.mark.parametrize("currency", [None, 978, ["EUR"], {}])
def test_a_currency_that_is_no_string_is_refused(
    partner: Caller, instruction: Instruction, verdict: Verdict, currency: Any
) -> None:
    response = partner.pays({**instruction, **amount_of("1", currency)})
    verdict.problem(response, 400, "money.currency-known")


@pytest.mark.clause("ISO 4217")
def test_a_currency_without_decimals_takes_none(
    partner: Caller, account: Account, instruction: Instruction, verdict: Verdict
) -> None:
    Account.objects.filter(pk=account.pk).update(currency="JPY")
    response = partner.pays({**instruction, **amount_of("12.3", "JPY")})
    verdict.problem(response, 400, "money.amount-precision")
    body = verdict.accepted(partner.pays({**instruction, **amount_of("12", "JPY")}), 201)
    assert body["amount"] == {"amount": "12", "currency": "JPY"}


def test_another_currency_than_the_accounts_is_refused(
    partner: Caller, account: Account, instruction: Instruction, verdict: Verdict
) -> None:
    response = partner.pays({**instruction, **amount_of("12.34", "GBP")})
    event = verdict.problem(response, 422, "payments.currency", f"{KIND}currency-differs")
    assert event["detail"] == {"expected": "EUR", "presented": "GBP"}
    assert_nothing_happened(account)


def test_more_than_is_available_is_refused_to_the_cent(
    partner: Caller, account: Account, instruction: Instruction, verdict: Verdict
) -> None:
    response = partner.pays({**instruction, **amount_of("1000.01")}, key="too-much")
    verdict.problem(response, 422, "payments.funds", f"{KIND}insufficient-funds")
    assert "1000" not in response.content.decode()
    assert_nothing_happened(account)
    verdict.accepted(partner.pays({**instruction, **amount_of("1000.00")}), 201)


@pytest.mark.clause("RFC 9700 §2.3")
def test_another_clients_account_and_none_are_refused_alike(
    partner: Caller,
    account: Account,
    foreign_account: Account,
    instruction: Instruction,
    verdict: Verdict,
) -> None:
    kind = f"{KIND}debtor-account-unknown"
    of_another = partner.pays({**instruction, "debtor_account": str(foreign_account.pk)}, key="1")
    verdict.problem(of_another, 422, "accounts.not-opened", kind)
    for number, unknown in enumerate((str(uuid.uuid4()), "1", str(account.pk).upper())):
        response = partner.pays({**instruction, "debtor_account": unknown}, key=f"unknown-{number}")
        verdict.problem(response, 422, "accounts.unknown", kind)
        assert response.json() == of_another.json()
    assert_nothing_happened(account)
    assert_nothing_happened(foreign_account)


@pytest.mark.clause("ISO 13616")
@pytest.mark.parametrize(
    "iban",
    ["GB34BUKB20201555555555", "GB33 BUKB 2020 1555 5555 55", "gb33bukb20201555555555", "GB33", "x" * 34],
)
def test_a_wrong_iban_is_refused(
    partner: Caller, instruction: Instruction, verdict: Verdict, iban: str
) -> None:
    verdict.problem(partner.pays({**instruction, "creditor_iban": iban}), 400, "payments.iban")


def without(name: str) -> Callable[[Instruction], Instruction]:
    return lambda valid: {member: value for member, value in valid.items() if member != name}


def with_(**members: Any) -> Callable[[Instruction], Instruction]:
    return lambda valid: {**valid, **members}


@pytest.mark.clause("RFC 9457 §3")
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        *(
            (without(name), f"#/{name}")
            for name in ("debtor_account", "creditor_name", "creditor_iban", "amount")
        ),
        (with_(execution_date="2030-01-01"), "#/execution_date"),
        (with_(creditor_name=""), "#/creditor_name"),
        (with_(creditor_name=12), "#/creditor_name"),
        (with_(creditor_name=None), "#/creditor_name"),
        (with_(creditor_name="a" * 71), "#/creditor_name"),
        (with_(creditor_name="a\u0000b"), "#/creditor_name"),
        (with_(reference="a\nb"), "#/reference"),
        (with_(reference="a\n"), "#/reference"),
        (with_(reference=" a"), "#/reference"),
        (with_(creditor_name=" "), "#/creditor_name"),
        (with_(creditor_name="a\u2028"), "#/creditor_name"),
        (with_(creditor_iban="GB33BUKB20201555555555\n"), "#/creditor_iban"),
        (with_(creditor_iban=" GB33BUKB20201555555555"), "#/creditor_iban"),
        (with_(reference="a" * 141), "#/reference"),
        (with_(debtor_account=["x"]), "#/debtor_account"),
        (with_(creditor_iban=12), "#/creditor_iban"),
        (with_(amount="12.34"), "#/amount"),
        (with_(amount={"amount": "12.34"}), "#/amount"),
        (with_(amount={"amount": "12.34", "currency": "EUR", "x": 1}), "#/amount"),
    ],
)
def test_a_body_with_missing_unknown_or_wrong_members_is_refused_and_says_where(
    partner: Caller,
    account: Account,
    instruction: Instruction,
    verdict: Verdict,
    change: Callable[[Instruction], Instruction],
    pointer: str,
) -> None:
    response = partner.pays(change(instruction))
    verdict.problem(response, 400, "request.body-members")
    assert [each["pointer"] for each in response.json()["errors"]] == [pointer]
    assert_nothing_happened(account)


def assert_nothing_happened(account: Account) -> None:
    account.refresh_from_db()
    assert account.available_minor_units == 1000_00
    assert not Payment.objects.exists()
    assert not Transaction.objects.exists()
    assert not IdempotencyRecord.objects.filter(payment__isnull=False).exists()
