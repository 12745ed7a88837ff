"""Pays somebody."""

import uuid
from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal, InvalidOperation
from typing import Any

from partner_client.banking.client import BankingClient
from partner_client.banking.commands import BankCommand
from partner_client.banking.resources import Money, PaymentInstruction


class Command(BankCommand):
    """Pay from one of our accounts."""

    help = (
        "Pay from one of our accounts. Repeating the command with the same --idempotency-key and the same "
        "payment pays once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what a payment needs."""
        parser.add_argument(
            "--from", dest="account", required=True, metavar="ACCOUNT", help="our account's id"
        )
        parser.add_argument("--to", dest="name", required=True, metavar="NAME", help="who is paid")
        parser.add_argument("--iban", required=True, help="the account of whoever is paid")
        parser.add_argument("--amount", required=True, type=_amount, help="a decimal number, such as 12.34")
        parser.add_argument("--currency", default="EUR", help="ISO 4217, three letters (default: EUR)")
        parser.add_argument("--reference", default="", help="what it is for")
        parser.add_argument("--idempotency-key", metavar="KEY", help="of this payment (default: a new one)")

    def call(self, bank: BankingClient, options: dict[str, Any]) -> None:
        """Pay, and print what became of it."""
        key = options["idempotency_key"] or str(uuid.uuid4())
        instruction = PaymentInstruction(
            debtor_account=options["account"],
            creditor_name=options["name"],
            creditor_iban=options["iban"].replace(" ", ""),
            amount=Money(options["amount"], options["currency"]),
            reference=options["reference"],
        )
        # Before anything is sent: whoever sees no answer repeats the command with this key, and pays once.
        self.stdout.write(f"idempotency key {key}")
        self.stdout.flush()
        payment = bank.pay(instruction, key)
        paid = payment.instruction
        self.stdout.write(f"payment {payment.id} {payment.status}: {paid.amount} to {paid.creditor_name}")


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise ArgumentTypeError(f"{text!r} is not a decimal number") from error
    if not amount.is_finite():
        raise ArgumentTypeError(f"{text!r} is not a decimal number")
    return amount
