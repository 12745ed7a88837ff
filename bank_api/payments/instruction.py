"""An instruction to pay, as its client wrote it; nothing in it has been compared with an account yet."""

from dataclasses import dataclass

from bank_api.money import Money


@dataclass(frozen=True, slots=True)
class PaymentInstruction:
    """Well-formed content of a request. debtor_account: an identifier, perhaps of no account."""

    debtor_account: str
    creditor_name: str
    creditor_iban: str
    amount: Money
    reference: str
