"""Booking a payment: money, transaction, payment and idempotency record in one short database transaction.

A process that dies in between has done nothing: the key is unused, and the retry books. A process that
dies after the commit and before its answer has done everything: the retry finds the outcome.
"""

from datetime import datetime

from django.db import transaction

from bank_api.accounts.access import opened_account
from bank_api.accounts.models import Account, Transaction
from bank_api.money import Money
from bank_api.payments.idempotency import claim
from bank_api.payments.instruction import PaymentInstruction
from bank_api.payments.models import IdempotencyRecord, Payment
from bank_api.payments.refusals import CURRENCY, FUNDS, payment_refusal
from sender_constraint.core.rules import enforces
from sender_constraint.django.problems import NotFound, Problem


def pay(
    client_id: str, key: str, fingerprint: str, instruction: PaymentInstruction, now: datetime
) -> tuple[Payment, bool]:
    """The payment of this key, and whether this call booked it. now: aware.

    Raises KeyReused, DebtorAccountUnknown, CurrencyDiffers or InsufficientFunds.
    """
    refusal: Problem | None = None
    with transaction.atomic():
        record, fresh = claim(client_id, key, fingerprint, now)
        if fresh:
            refusal = _decide(record, instruction, now)
    if refusal is not None:
        raise refusal
    return _outcome(record), fresh


def _decide(record: IdempotencyRecord, instruction: PaymentInstruction, now: datetime) -> Problem | None:
    """Book, or keep the rule that refuses. All checks come before the first change: nothing is taken back."""
    refusal: Problem | None = None
    try:
        record.payment = _book(record.client_id, instruction, now)
    except Problem as raised:
        refusal = raised
        record.refused_by = raised.rule.identifier
    record.save(update_fields=["payment", "refused_by"])
    return refusal


def _outcome(record: IdempotencyRecord) -> Payment:
    if record.payment is None:
        raise payment_refusal(record.refused_by, replayed=True)
    return record.payment


def _book(client_id: str, instruction: PaymentInstruction, now: datetime) -> Payment:
    account = _debtor_account(client_id, instruction.debtor_account)
    check_currency(account, instruction.amount)
    check_funds(account, instruction.amount)
    account.available_minor_units -= instruction.amount.minor_units
    account.save(update_fields=["available_minor_units"])
    booked = Transaction.objects.create(
        account=account,
        booked_at=now,
        amount_minor_units=-instruction.amount.minor_units,
        description=": ".join(filter(None, (instruction.creditor_name, instruction.reference)))[:200],
    )
    return Payment.objects.create(
        client_id=client_id,
        debtor_account=account,
        transaction=booked,
        creditor_name=instruction.creditor_name,
        creditor_iban=instruction.creditor_iban,
        amount_minor_units=instruction.amount.minor_units,
        reference=instruction.reference,
        created_at=now,
    )


def _debtor_account(client_id: str, identifier: str) -> Account:
    try:
        return opened_account(client_id, identifier, lock=True)
    except NotFound as refusal:
        # The resource of this request is there; it is its content that names no account.
        raise payment_refusal(refusal.rule.identifier, **refusal.detail) from None


@enforces(CURRENCY)
def check_currency(account: Account, amount: Money) -> None:
    """RFC 9110 §15.5.21: understood, well formed, and not to be done."""
    if account.currency != amount.currency:
        raise payment_refusal(CURRENCY.identifier, expected=account.currency, presented=amount.currency)


@enforces(FUNDS)
def check_funds(account: Account, amount: Money) -> None:
    """The account's row is locked: nobody else spends the same money between this check and the booking."""
    if account.available_minor_units < amount.minor_units:
        raise payment_refusal(
            FUNDS.identifier, expected=account.available_minor_units, presented=amount.minor_units
        )
