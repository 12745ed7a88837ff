"""Payments at the API, over real sockets: Idempotency-Key, amounts and bodies, each with one thing wrong."""

import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.calling import PAYMENT, APICaller
from tests.e2e.verdict import Verdict
from workshop.wire import Exchange

ANSWERED = "api.call"
PROBLEM = "urn:example:bank:problem:"


@pytest.fixture(scope="module")
def payment(api: APICaller) -> dict[str, Any]:
    """An instruction that the bank accepts."""
    return {**PAYMENT, "debtor_account": api.account()}


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


def balance(api: APICaller) -> Decimal:
    balances = api.gets(f"/accounts/{api.account()}/balances").json()["balances"]
    return Decimal(balances[0]["amount"]["amount"])


def paid(amount: Any, currency: Any = "EUR") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


@pytest.mark.clause("draft-ietf-httpapi-idempotency-key-header-07 §2")
def test_the_same_key_and_content_pay_once_and_get_the_same_answer(
    api: APICaller, verdict: Verdict, payment: dict[str, Any], key: str
) -> None:
    before = balance(api)
    first, again = api.pays(payment, key), api.pays(payment, key)
    as_laid_out_anew = api.pays(json.dumps(payment, indent=4, sort_keys=True).encode(), f'"{key}"')
    assert verdict.accepted(first, ANSWERED, 201)["detail"]["replayed"] is False
    for repeated in (again, as_laid_out_anew):
        assert verdict.accepted(repeated, ANSWERED, 201)["detail"]["replayed"] is True
        assert repeated.body == first.body
    assert balance(api) == before - Decimal("0.01")
    verdict.accepted(api.gets(f"/payments/{first.json()['id']}"), ANSWERED)


@pytest.mark.clause("draft-ietf-httpapi-idempotency-key-header-07 §2.7")
@pytest.mark.parametrize(
    "change", [{"amount": paid("0.02")}, {"amount": paid("0.1")}, {"reference": "invoice 8"}], ids=str
)
def test_the_same_key_with_other_content_is_refused(
    api: APICaller, verdict: Verdict, payment: dict[str, Any], key: str, change: dict[str, Any]
) -> None:
    verdict.accepted(api.pays(payment, key), ANSWERED, 201)
    before = balance(api)
    exchange = api.pays({**payment, **change}, key)
    verdict.problem(exchange, 422, "idempotency.key-reused", f"{PROBLEM}idempotency-key-reused")
    assert balance(api) == before


@pytest.mark.clause("draft-ietf-httpapi-idempotency-key-header-07 §2.7")
def test_a_payment_without_a_key_is_refused(
    api: APICaller, verdict: Verdict, payment: dict[str, Any], key: str
) -> None:
    verdict.accepted(api.pays(payment, key), ANSWERED, 201)
    exchange = api.pays(payment, None)
    verdict.problem(exchange, 400, "idempotency.key-missing", f"{PROBLEM}idempotency-key-missing")


@pytest.mark.clause("draft-ietf-httpapi-idempotency-key-header-07 §2.1")
@pytest.mark.parametrize(
    "malformed",
    ["", '""', "k" * 129, '"unclosed', "two words", "a, b", "clé", "a;b=c", "'quoted'"],
)
def test_a_malformed_key_is_refused(
    api: APICaller, verdict: Verdict, payment: dict[str, Any], malformed: str
) -> None:
    longest = str(uuid.uuid4()).ljust(128, "k")
    verdict.accepted(api.pays(payment, longest), ANSWERED, 201)
    exchange = api.pays(payment, malformed)
    event = verdict.problem(exchange, 400, "idempotency.key-malformed", f"{PROBLEM}idempotency-key-malformed")
    assert event["detail"] == {"presented_characters": len(malformed)}


@pytest.mark.clause("draft-ietf-httpapi-idempotency-key-header-07 §2.2")
def test_another_clients_same_key_is_another_key(
    api: APICaller, other_api: APICaller, verdict: Verdict, payment: dict[str, Any], key: str
) -> None:
    own = api.pays(payment, key)
    verdict.accepted(own, ANSWERED, 201)
    others = other_api.pays({**PAYMENT, "debtor_account": other_api.account()}, key)
    assert verdict.accepted(others, ANSWERED, 201)["detail"]["replayed"] is False
    assert others.json()["id"] != own.json()["id"]


@pytest.mark.clause("draft-ietf-httpapi-idempotency-key-header-07 §2.6")
def test_a_payment_refused_for_lack_of_money_stays_refused_under_its_key(
    api: APICaller, verdict: Verdict, payment: dict[str, Any], key: str
) -> None:
    too_much = {**payment, "amount": paid("50000000.00")}
    for _ in range(2):
        verdict.problem(api.pays(too_much, key), 422, "payments.funds", f"{PROBLEM}insufficient-funds")
    exchange = api.pays(payment, key)
    verdict.problem(exchange, 422, "idempotency.key-reused", f"{PROBLEM}idempotency-key-reused")
    verdict.accepted(api.pays(payment, str(uuid.uuid4())), ANSWERED, 201)


AMOUNTS: dict[str, tuple[dict[str, Any], str]] = {
    "negative": (paid("-0.01"), "money.amount-positive"),
    "negative zero": (paid("-0"), "money.amount-positive"),
    "zero": (paid("0"), "money.amount-positive"),
    "zero with decimals": (paid("0.00"), "money.amount-positive"),
    "too precise": (paid("0.011"), "money.amount-precision"),
    "too precise by a zero": (paid("0.010"), "money.amount-precision"),
    "too precise for a currency without decimals": (paid("1.0", "JPY"), "money.amount-precision"),
    "too large by a cent": (paid("100000000.01"), "money.amount-maximum"),
    "too large for a 64 bit number": (paid("99999999999999999999.99"), "money.amount-maximum"),
    "of 32 digits": (paid("1" * 32), "money.amount-form"),
    "with an exponent": (paid("1e2"), "money.amount-form"),
    "with a small exponent": (paid("1E-2"), "money.amount-form"),
    "with a plus sign": (paid("+0.01"), "money.amount-form"),
    "with a leading zero": (paid("00.01"), "money.amount-form"),
    "without a leading digit": (paid(".01"), "money.amount-form"),
    "without decimals after its point": (paid("1."), "money.amount-form"),
    "with a comma": (paid("0,01"), "money.amount-form"),
    "with a thousands separator": (paid("1,000.00"), "money.amount-form"),
    "with an underscore": (paid("1_0"), "money.amount-form"),
    "with a space": (paid(" 0.01"), "money.amount-form"),
    "with a line break": (paid("0.01\n"), "money.amount-form"),
    "in Arabic digits": (paid("\u0661.\u0660\u0660"), "money.amount-form"),
    "NaN": (paid("NaN"), "money.amount-form"),
    "infinite": (paid("Infinity"), "money.amount-form"),
    "hexadecimal": (paid("0x1"), "money.amount-form"),
    "empty": (paid(""), "money.amount-form"),
    "a number": (paid(1), "money.amount-form"),
    "a fractional number": (paid(0.01), "money.amount-form"),
    "true": (paid(True), "money.amount-form"),
    "null": (paid(None), "money.amount-form"),
    "a list": (paid(["0.01"]), "money.amount-form"),
    "in no currency": (paid("0.01", "XXX"), "money.currency-known"),
    "in small letters": (paid("0.01", "eur"), "money.currency-known"),
    "in a list of currencies": (paid("0.01", ["EUR"]), "money.currency-known"),
    "without currency": ({"amount": "0.01"}, "request.body-members"),
    "with another member": ({**paid("0.01"), "scale": 2}, "request.body-members"),
}


@pytest.mark.clause("ISO 4217")
@pytest.mark.parametrize(("amount", "rule"), AMOUNTS.values(), ids=AMOUNTS)
def test_an_amount_that_is_not_one_is_refused_and_does_not_use_its_key_up(
    api: APICaller, verdict: Verdict, payment: dict[str, Any], key: str, amount: dict[str, Any], rule: str
) -> None:
    verdict.problem(api.pays({**payment, "amount": amount}, key), 400, rule)
    verdict.accepted(api.pays(payment, key), ANSWERED, 201)


@pytest.mark.clause("RFC 9110 §15.5.21")
def test_a_payment_in_another_currency_than_the_accounts_is_refused(
    api: APICaller, verdict: Verdict, payment: dict[str, Any], key: str
) -> None:
    verdict.accepted(api.pays(payment, str(uuid.uuid4())), ANSWERED, 201)
    exchange = api.pays({**payment, "amount": paid("0.01", "GBP")}, key)
    verdict.problem(exchange, 422, "payments.currency", f"{PROBLEM}currency-differs")


@pytest.mark.clause("RFC 9700 §2.3")
def test_an_unknown_debtor_account_and_another_clients_get_one_answer_and_two_reasons(
    api: APICaller, other_api: APICaller, verdict: Verdict, payment: dict[str, Any]
) -> None:
    def pays_from(account: str) -> Exchange:
        return api.pays({**payment, "debtor_account": account}, str(uuid.uuid4()))

    verdict.accepted(pays_from(payment["debtor_account"]), ANSWERED, 201)
    kind = f"{PROBLEM}debtor-account-unknown"
    unknown, of_another = pays_from(str(uuid.uuid4())), pays_from(other_api.account())
    verdict.problem(unknown, 422, "accounts.unknown", kind)
    verdict.problem(of_another, 422, "accounts.not-opened", kind)
    assert unknown.body == of_another.body


@pytest.mark.clause("RFC 9700 §2.3")
def test_an_unknown_payment_and_another_clients_get_one_answer_and_two_reasons(
    api: APICaller, other_api: APICaller, verdict: Verdict, payment: dict[str, Any], key: str
) -> None:
    path = f"/payments/{api.pays(payment, key).json()['id']}"
    verdict.accepted(api.gets(path), ANSWERED)
    unknown, of_another = other_api.gets(f"/payments/{uuid.uuid4()}"), other_api.gets(path)
    verdict.problem(unknown, 404, "payments.unknown")
    verdict.problem(of_another, 404, "payments.of-another")
    assert unknown.body == of_another.body


def a_megabyte(body: bytes) -> bytes:
    return body[:-1] + b" " * (2**20 - len(body)) + b"}"


BODIES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (lambda body: body[:-1], "request.body-malformed"),
    "empty": (lambda _: b"", "request.body-members"),
    "a list": (lambda body: b"[" + body + b"]", "request.body-malformed"),
    "twice": (lambda body: body + body, "request.body-malformed"),
    "a member twice": (lambda body: b'{"reference":"a",' + body[1:], "request.body-malformed"),
    "no UTF-8": (lambda body: body.replace(b"invoice", b"inv\xffice"), "request.body-malformed"),
    "deep nesting": (lambda _: b'{"x":' + b"[" * 5000 + b"]" * 5000 + b"}", "request.body-malformed"),
    "a member more": (lambda body: b'{"urgent":true,' + body[1:], "request.body-members"),
    "a control character": (lambda body: body.replace(b"invoice", b"inv\\u0000"), "request.body-members"),
}


@pytest.mark.clause("RFC 8259 §2")
@pytest.mark.parametrize(("change", "rule"), BODIES.values(), ids=BODIES)
def test_a_body_with_more_than_one_reading_or_none_is_refused(
    api: APICaller,
    verdict: Verdict,
    payment: dict[str, Any],
    key: str,
    change: Callable[[bytes], bytes],
    rule: str,
) -> None:
    body = json.dumps(payment).encode()
    verdict.problem(api.pays(change(body), key), 400, rule)
    verdict.accepted(api.pays(body, key), ANSWERED, 201)


@pytest.mark.clause("RFC 9110 §15.5.14")
def test_a_body_of_a_megabyte_is_refused_before_it_is_read(
    api: APICaller, verdict: Verdict, payment: dict[str, Any], key: str
) -> None:
    body = json.dumps(payment).encode()
    verdict.refused_by_the_front(api.pays(a_megabyte(body), key), 413, "http.body-size")
    verdict.accepted(api.pays(body, key), ANSWERED, 201)
