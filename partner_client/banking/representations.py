"""JSON to and from resources. Whatever is not as described is AnswerUnusable: nothing is guessed."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from partner_client.banking.errors import AnswerUnusable
from partner_client.banking.resources import (
    Account,
    Balance,
    Money,
    Payment,
    PaymentInstruction,
    Transaction,
)

Resource = TypeVar("Resource")


def read_list(document: Any, member: str, read: Callable[[Any], Resource]) -> list[Resource]:
    """The resources in a list that is a member of a JSON object."""
    entries = _member(document, member)
    if not isinstance(entries, list):
        raise AnswerUnusable(f"{member!r} is not a list")
    return [read(entry) for entry in entries]


def read_account(document: Any) -> Account:
    """An account."""
    return Account(_text(document, "id"), _text(document, "name"), _text(document, "currency"))


def read_balance(document: Any) -> Balance:
    """A balance."""
    return Balance(_text(document, "type"), read_money(_member(document, "amount")))


def read_transaction(document: Any) -> Transaction:
    """A booking."""
    return Transaction(
        id=_text(document, "id"),
        booked_at=_time(document, "booked_at"),
        amount=read_money(_member(document, "amount")),
        description=_text(document, "description"),
    )


def read_payment(document: Any) -> Payment:
    """A payment."""
    instruction = PaymentInstruction(
        debtor_account=_text(document, "debtor_account"),
        creditor_name=_text(document, "creditor_name"),
        creditor_iban=_text(document, "creditor_iban"),
        amount=read_money(_member(document, "amount")),
        reference=_text(document, "reference"),
    )
    return Payment(
        _text(document, "id"), _text(document, "status"), instruction, _time(document, "created_at")
    )


def read_money(document: Any) -> Money:
    """An amount: a decimal string, never a JSON number, which would be a binary fraction on the way."""
    text = _text(document, "amount")
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise AnswerUnusable(f"{text!r} is not an amount") from error
    if not amount.is_finite():
        raise AnswerUnusable(f"{text!r} is not an amount")
    return Money(amount, _text(document, "currency"))


def write_instruction(instruction: PaymentInstruction) -> dict[str, Any]:
    """An instruction as the bank wants it."""
    amount = {"amount": format(instruction.amount.amount, "f"), "currency": instruction.amount.currency}
    return {
        "debtor_account": instruction.debtor_account,
        "creditor_name": instruction.creditor_name,
        "creditor_iban": instruction.creditor_iban,
        "amount": amount,
        "reference": instruction.reference,
    }


def _member(document: Any, name: str) -> Any:
    if not isinstance(document, dict) or name not in document:
        raise AnswerUnusable(f"{name!r} is missing")
    return document[name]


def _text(document: Any, name: str) -> str:
    value = _member(document, name)
    if not isinstance(value, str):
        raise AnswerUnusable(f"{name!r} is not a string")
    return value


def _time(document: Any, name: str) -> datetime:
    text = _text(document, name)
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise AnswerUnusable(f"{text!r} is not a time") from error
    if time.tzinfo is None:
        raise AnswerUnusable(f"{text!r} has no time zone")
    return time
