"""What the bank talks about. Money is decimal and has a currency; times are aware."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, exact, and its ISO 4217 currency."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


@dataclass(frozen=True, slots=True)
class Account:
    """An account that the bank opened to us."""

    id: str
    name: str
    currency: str


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance of an account; ``available`` is the type that can be spent."""

    type: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Transaction:
    """A booking; its amount is negative where money left the account."""

    id: str
    booked_at: datetime
    amount: Money
    description: str


@dataclass(frozen=True, slots=True)
class PaymentInstruction:
    """What is to be paid. debtor_account: one of our accounts; creditor_iban: without spaces."""

    debtor_account: str
    creditor_name: str
    creditor_iban: str
    amount: Money
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that the bank knows."""

    id: str
    status: str
    instruction: PaymentInstruction
    created_at: datetime
