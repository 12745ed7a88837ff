"""Money: an exact amount in a currency, written as a decimal string and counted in minor units.

JSON numbers are refused: many parsers turn them into binary fractions, which cannot hold 0.10
(RFC 8259 §6). Minor units are those of ISO 4217: cents for EUR.
"""

import re
from dataclasses import dataclass
from typing import Any

from sender_constraint.core.rules import enforces, rule
from sender_constraint.django.problems import BadRequest

_SEND_DECIMALS = 'Send the amount as a decimal string: {{"amount": "12.34", "currency": "EUR"}}.'

AMOUNT_FORM = rule(
    "money.amount-form", "RFC 8259 §6", "The amount is not a string of decimal digits."
).explained("a string such as 12.34", "{presented}", _SEND_DECIMALS)
AMOUNT_POSITIVE = rule(
    "money.amount-positive", "ISO 20022 ActiveCurrencyAndAmount", "The amount is zero or negative."
).explained("an amount greater than zero", "{presented}", _SEND_DECIMALS)
AMOUNT_PRECISION = rule(
    "money.amount-precision", "ISO 4217", "The amount has more decimals than its currency."
).explained("at most {expected} decimals", "{presented} decimals", _SEND_DECIMALS)
AMOUNT_MAXIMUM = rule(
    "money.amount-maximum",
    "ISO 20022 ActiveCurrencyAndAmount",
    "The amount exceeds the maximum for one payment.",
).explained("at most {expected} minor units", "{presented} minor units", "Split the payment.")
CURRENCY_KNOWN = rule(
    "money.currency-known", "ISO 4217", "The bank has no accounts in this currency."
).explained("one of {expected}", "another currency", "Use one of these currency codes.")

# ISO 4217: how many decimals each currency of this bank has.
DECIMALS = {"EUR": 2, "GBP": 2, "USD": 2, "JPY": 0}
MAXIMUM_MINOR_UNITS = 100_000_000_00

_AMOUNT = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of money.

    minor_units: whole number of the currency's smallest unit, 1234 for 12.34 EUR.
    currency: code of ISO 4217, a key of DECIMALS.
    """

    minor_units: int
    currency: str

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    @property
    def amount(self) -> str:
        """The decimal string, with all decimals of the currency: ``12.30``."""
        decimals = DECIMALS[self.currency]
        sign = "-" if self.minor_units < 0 else ""
        digits = str(abs(self.minor_units)).rjust(decimals + 1, "0")
        return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def positive_money(amount: Any, currency: Any) -> Money:
    """The money of a payment, from the two members of an amount object.

    Raises BadRequest for anything but a positive decimal string in a known currency, with at most
    the currency's decimals and at most MAXIMUM_MINOR_UNITS.
    """
    check_currency_known(currency)
    check_amount_form(amount)
    check_amount_precision(amount, currency)
    check_amount_positive(amount)
    money = Money(_minor_units(amount, DECIMALS[currency]), currency)
    check_amount_maximum(money)
    return money


@enforces(CURRENCY_KNOWN)
def check_currency_known(currency: Any) -> None:
    """ISO 4217: three capitals that this bank knows."""
    if not isinstance(currency, str) or currency not in DECIMALS:
        raise BadRequest(CURRENCY_KNOWN, "The currency is unknown", expected=sorted(DECIMALS))


@enforces(AMOUNT_FORM)
def check_amount_form(amount: Any) -> None:
    """RFC 8259 §6: a string, since a number loses digits; no exponent, no leading zero, ASCII digits."""
    if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
        raise BadRequest(
            AMOUNT_FORM,
            "The amount must be a string of decimal digits, such as 12.34",
            presented=repr(amount)[:80],
        )


@enforces(AMOUNT_PRECISION)
def check_amount_precision(amount: str, currency: str) -> None:
    """ISO 4217: no more decimals than the currency has, not even zeros."""
    decimals = len(amount.partition(".")[2])
    if decimals > DECIMALS[currency]:
        raise BadRequest(
            AMOUNT_PRECISION,
            "The amount has more decimals than its currency",
            expected=DECIMALS[currency],
            presented=decimals,
        )


@enforces(AMOUNT_POSITIVE)
def check_amount_positive(amount: str) -> None:
    """A payment moves something, and in one direction."""
    if amount.startswith("-") or not amount.strip("0."):
        raise BadRequest(AMOUNT_POSITIVE, "The amount must be greater than zero", presented=amount)


@enforces(AMOUNT_MAXIMUM)
def check_amount_maximum(money: Money) -> None:
    """The bank's own bound on one payment."""
    if money.minor_units > MAXIMUM_MINOR_UNITS:
        raise BadRequest(
            AMOUNT_MAXIMUM,
            "The amount exceeds the maximum for one payment",
            expected=MAXIMUM_MINOR_UNITS,
            presented=money.minor_units,
        )


def _minor_units(amount: str, decimals: int) -> int:
    whole, _, fraction = amount.partition(".")
    return int(whole + fraction.ljust(decimals, "0"))
