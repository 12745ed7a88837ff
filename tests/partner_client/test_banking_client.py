"""The typed client, over TLS, against a bank that says what the test wants."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from partner_client.banking.client import BankingClient
from partner_client.banking.errors import AnswerUnusable, BankRefused
from partner_client.banking.resources import (
    Account,
    Balance,
    Money,
    Payment,
    PaymentInstruction,
    Transaction,
)
from tests.sender_constraint.client.bank import Bank
from tests.sender_constraint.tls_server import Answer, TLSServer

ACCOUNT = {"id": "a/1", "name": "Operations", "currency": "EUR", "iban": "GB33BUKB20201555555555"}
AMOUNT = {"amount": "123.45", "currency": "EUR"}
INSTRUCTION = PaymentInstruction(
    "a/1", "Supplier Ltd", "GB33BUKB20201555555555", Money(Decimal("0.10"), "EUR"), "inv 7"
)
PAYMENT = {
    "id": "p1",
    "status": "accepted",
    "debtor_account": "a/1",
    "creditor_name": "Supplier Ltd",
    "creditor_iban": "GB33BUKB20201555555555",
    "amount": {"amount": "0.10", "currency": "EUR"},
    "reference": "inv 7",
    "created_at": "2026-03-01T12:00:00Z",
}


def answers(bank: Bank, path: str, content: Any, status: int = 200, **headers: str) -> None:
    bank.answers[path] = lambda _asked: Answer(status, content, headers)


def test_accounts_are_listed(banking: BankingClient, bank_server: Bank) -> None:
    answers(bank_server, "/accounts", {"accounts": [ACCOUNT]})

    assert banking.list_accounts() == [Account("a/1", "Operations", "EUR")]


def test_an_id_is_one_segment_of_the_path(banking: BankingClient, bank_server: Bank) -> None:
    answers(bank_server, "/accounts/a%2F1", ACCOUNT)

    assert banking.account("a/1").name == "Operations"


def test_balances_are_decimal(banking: BankingClient, bank_server: Bank) -> None:
    answers(bank_server, "/accounts/1/balances", {"balances": [{"type": "available", "amount": AMOUNT}]})

    assert banking.balances("1") == [Balance("available", Money(Decimal("123.45"), "EUR"))]


def test_transactions_have_times_with_a_zone(banking: BankingClient, bank_server: Bank) -> None:
    answers(bank_server, "/accounts/1/transactions", {"transactions": [booking("t")]})

    booked_at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert banking.transactions("1") == [Transaction("t", booked_at, Money(Decimal("123.45"), "EUR"), "rent")]


def booking(identifier: str) -> dict[str, Any]:
    return {
        "id": identifier,
        "booked_at": "2026-03-01T12:00:00Z",
        "amount": AMOUNT,
        "description": "rent",
    }


def pages(bank: Bank, *of: list[str]) -> None:
    """What the bank says of account 1: these bookings, page by page, each with a link to the next."""
    path = "/accounts/1/transactions"
    for number, identifiers in enumerate(of):
        query = f"?page={number}" if number else ""
        following = f'<{bank.origin}{path}?page={number + 1}>; rel="next"'
        first = f'<{bank.origin}{path}>; rel="first"'
        link = f"{first}, {following}" if number + 1 < len(of) else first
        answers(bank, path + query, {"transactions": list(map(booking, identifiers))}, Link=link)


@pytest.mark.clause("RFC 8288 §3")
def test_the_pages_of_a_long_list_are_asked_for_one_by_one(
    banking: BankingClient, bank_server: Bank, server: TLSServer
) -> None:
    pages(bank_server, ["c", "b"], ["a"])

    found = banking.transaction_pages("1")
    assert [each.id for each in next(found)] == ["c", "b"]
    assert server.asked[-1].path == "/accounts/1/transactions"
    assert [each.id for each in next(found)] == ["a"]
    assert next(found, None) is None
    assert [each.id for each in banking.transactions("1")] == ["c", "b", "a"]


def test_dates_and_limit_are_sent(banking: BankingClient, bank_server: Bank) -> None:
    query = "date_from=2026-02-01&date_to=2026-02-28&limit=2"
    answers(bank_server, f"/accounts/1/transactions?{query}", {"transactions": [booking("a")]})

    february = date(2026, 2, 1), date(2026, 2, 28)
    ((found,),) = banking.transaction_pages("1", *february, limit=2)
    assert found.id == "a"


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/accounts/1/transactions?page=1",
        "{origin}/accounts/2/transactions?page=1",
        "{origin}.elsewhere.example/accounts/1/transactions?page=1",
        "{origin}@elsewhere.example/accounts/1/transactions?page=1",
        "/accounts/1/transactions?page=1",
        "{origin}/accounts/1/transactions",
        "",
    ],
)
def test_a_link_to_anywhere_but_a_further_page_is_not_followed(
    banking: BankingClient, bank_server: Bank, server: TLSServer, link: str
) -> None:
    header = f'<{link.format(origin=bank_server.origin)}>; rel="next"'
    answers(bank_server, "/accounts/1/transactions", {"transactions": [booking("a")]}, Link=header)

    found = banking.transaction_pages("1")
    assert [each.id for each in next(found)] == ["a"]
    asked = len(server.asked)
    with pytest.raises(AnswerUnusable, match="no next page"):
        next(found)
    assert len(server.asked) == asked


def test_a_payment_is_sent_with_its_key_and_exact_amount(
    banking: BankingClient, bank_server: Bank, server: TLSServer
) -> None:
    answers(bank_server, "/payments", PAYMENT, 201)

    paid = banking.pay(INSTRUCTION, "order-7")

    assert paid == Payment("p1", "accepted", INSTRUCTION, datetime(2026, 3, 1, 12, tzinfo=UTC))
    sent = server.asked[-1]
    assert (sent.method, sent.headers["idempotency-key"]) == ("POST", "order-7")
    assert b'"amount":"0.10"' in sent.body.replace(b" ", b"")


def test_a_payment_whose_answer_was_lost_is_sent_again(
    banking: BankingClient, bank_server: Bank, server: TLSServer
) -> None:
    said = iter([Answer(hang_up=True), Answer(201, PAYMENT)])
    bank_server.answers["/payments"] = lambda _asked: next(said)

    assert banking.pay(INSTRUCTION, "order-7").id == "p1"
    assert server.count("/payments") == 2


def test_a_payment_is_looked_up(banking: BankingClient, bank_server: Bank) -> None:
    answers(bank_server, "/payments/p1", PAYMENT)

    assert banking.payment("p1").instruction == INSTRUCTION


@pytest.mark.clause("RFC 9457 §3.1")
def test_a_problem_is_a_refusal_with_its_reason(banking: BankingClient, bank_server: Bank) -> None:
    problem = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no such account"}
    headers = {"Content-Type": "application/problem+json", "x-fapi-interaction-id": "their-id"}
    answers(bank_server, "/accounts/9", problem, 404, **headers)

    with pytest.raises(BankRefused, match=r"404.*Not Found: no such account.*their-id") as refused:
        banking.account("9")
    assert (refused.value.status, refused.value.code) == (404, "Not Found")


@pytest.mark.clause("RFC 6750 §3.1")
def test_an_oauth_error_is_a_refusal_with_its_code(banking: BankingClient, bank_server: Bank) -> None:
    body = {"error": "insufficient_scope", "error_description": "needs payments"}
    answers(bank_server, "/payments", body, 403)

    with pytest.raises(BankRefused, match="needs payments") as refused:
        banking.pay(INSTRUCTION, "order-7")
    assert refused.value.code == "insufficient_scope"


@pytest.mark.parametrize("content", [b"<html>", [1], {}, {"error": None}])
def test_a_refusal_without_a_reason_is_one_too(
    banking: BankingClient, bank_server: Bank, content: Any
) -> None:
    answers(bank_server, "/accounts", content, 418)

    with pytest.raises(BankRefused, match="418"):
        banking.list_accounts()


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        [],
        {},
        {"accounts": {}},
        {"accounts": [{}]},
        {"accounts": [ACCOUNT | {"id": 1}]},
    ],
)
def test_what_is_not_as_described_is_not_guessed(
    banking: BankingClient, bank_server: Bank, content: Any
) -> None:
    answers(bank_server, "/accounts", content)

    with pytest.raises(AnswerUnusable):
        banking.list_accounts()


@pytest.mark.parametrize("amount", [1.5, 1, None, "", "1,5", "NaN", "Infinity"])
def test_an_amount_is_a_decimal_string(banking: BankingClient, bank_server: Bank, amount: Any) -> None:
    balance = {"type": "available", "amount": AMOUNT | {"amount": amount}}
    answers(bank_server, "/accounts/1/balances", {"balances": [balance]})

    with pytest.raises(AnswerUnusable):
        banking.balances("1")


@pytest.mark.parametrize("time", ["yesterday", "2026-03-01T12:00:00", 5])
def test_a_time_has_a_zone(banking: BankingClient, bank_server: Bank, time: Any) -> None:
    answers(bank_server, "/payments/p1", PAYMENT | {"created_at": time})

    with pytest.raises(AnswerUnusable):
        banking.payment("p1")
