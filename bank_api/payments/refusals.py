"""Refusals of well-formed payments.

Each uses its key up: a retry gets the same answer, even where the payment would now be accepted.
"""

from typing import Any

from bank_api.accounts.access import ACCOUNT_NOT_OPENED, ACCOUNT_UNKNOWN
from sender_constraint.core.rules import Rule, rule
from sender_constraint.django.problems import Problem, UnprocessableContent

CURRENCY = rule(
    "payments.currency", "RFC 9110 §15.5.21", "The payment is not in the debtor account's currency."
).explained(
    "an amount in {expected}, the account's currency",
    "an amount in {presented}",
    "Pay in the account's currency, or from an account in the other currency.",
)
FUNDS = rule("payments.funds", "RFC 9110 §15.5.21", "The debtor account has insufficient funds.").explained(
    "an amount of at most {expected} minor units (cents), the available balance",
    "{presented} minor units",
    "Pay less, or wait for a higher balance. Use a new Idempotency-Key: this one keeps returning this "
    "refusal.",
)


class DebtorAccountUnknown(UnprocessableContent):
    """No account of this client has the identifier; whether another client's has, stays unsaid."""

    code = "debtor_account_unknown"
    type_uri = "urn:example:bank:problem:debtor-account-unknown"
    title = "Debtor account is unknown"


class CurrencyDiffers(UnprocessableContent):
    """The bank does not exchange currencies."""

    code = "currency_differs"
    type_uri = "urn:example:bank:problem:currency-differs"
    title = "Currency differs from the account's"


class InsufficientFunds(UnprocessableContent):
    """The account would be overdrawn."""

    code = "insufficient_funds"
    type_uri = "urn:example:bank:problem:insufficient-funds"
    title = "Insufficient funds"


_KINDS: dict[str, tuple[Rule, type[Problem], str]] = {
    each[0].identifier: each
    for each in (
        (ACCOUNT_UNKNOWN, DebtorAccountUnknown, "The client has no such debtor account"),
        (ACCOUNT_NOT_OPENED, DebtorAccountUnknown, "The client has no such debtor account"),
        (CURRENCY, CurrencyDiffers, "The payment must be in the currency of the account"),
        (FUNDS, InsufficientFunds, "The account does not have this much to spend"),
    )
}


def payment_refusal(rule_identifier: str, **detail: Any) -> Problem:
    """The refusal by a rule, now or again: outside, the same each time. detail: for the audit trail."""
    refusing, kind, description = _KINDS[rule_identifier]
    return kind(refusing, description, **detail)
