"""Payments, and which idempotency key led to which outcome."""

import uuid

from django.db import models

from bank_api.accounts.models import Account, Transaction
from bank_api.money import Money


class Payment(models.Model):
    """A payment that the bank accepted; it never changes.

    amount_minor_units: in the smallest unit of the debtor account's currency.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.CharField(max_length=255)
    debtor_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="payments")
    transaction = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="payment")
    creditor_name = models.CharField(max_length=70)
    creditor_iban = models.CharField(max_length=34)
    amount_minor_units = models.BigIntegerField()
    reference = models.CharField(max_length=140)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"payment {self.id}"

    @property
    def amount(self) -> Money:
        """What was paid."""
        return Money(self.amount_minor_units, self.debtor_account.currency)

    @property
    def status(self) -> str:
        """A payment is booked before it is answered: there is no other status."""
        return "accepted"


class IdempotencyRecord(models.Model):
    """The outcome of a client's key: a payment, or the rule that refused one. Kept as long as payments are.

    fingerprint: SHA-256 of the request's content, hexadecimal.
    refused_by: identifier of a rule; empty where there is a payment.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_id = models.CharField(max_length=255)
    key = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64)
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, null=True)
    refused_by = models.CharField(max_length=100, default="")
    created_at = models.DateTimeField()

    class Meta:  # noqa: D106  # Django's
        # Two requests at once: one inserts, the other waits for it and finds its outcome.
        constraints = (models.UniqueConstraint(fields=("client_id", "key"), name="key_once_per_client"),)

    def __str__(self) -> str:
        return f"key of {self.client_id}"
