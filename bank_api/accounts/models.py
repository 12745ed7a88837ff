"""Accounts, their transactions, and the clients that may see them. All amounts are in minor units."""

import uuid

from django.db import models

from bank_api.money import Money


class Account(models.Model):
    """An account at this bank.

    available_minor_units: what can be spent, in the smallest unit of the currency (ISO 4217).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=70)
    iban = models.CharField(max_length=34, unique=True)
    currency = models.CharField(max_length=3)
    available_minor_units = models.BigIntegerField(default=0)

    class Meta:  # noqa: D106  # Django's
        ordering = ("name", "id")
        # Beneath the application's own check: two payments at once cannot overdraw an account.
        constraints = (
            models.CheckConstraint(
                condition=models.Q(available_minor_units__gte=0), name="account_not_overdrawn"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.iban}"

    @property
    def available(self) -> Money:
        """What can be spent."""
        return Money(self.available_minor_units, self.currency)


class AccountAccess(models.Model):
    """An account that was opened to a client: without one of these, it does not exist for the client."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="accesses")
    client_id = models.CharField(max_length=255)

    class Meta:  # noqa: D106  # Django's
        constraints = (models.UniqueConstraint(fields=("client_id", "account"), name="access_once"),)

    def __str__(self) -> str:
        return f"{self.client_id} sees {self.account_id}"


class Transaction(models.Model):
    """A booking on an account; negative where money left."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="transactions")
    booked_at = models.DateTimeField()
    amount_minor_units = models.BigIntegerField()
    description = models.CharField(max_length=200)

    class Meta:  # noqa: D106  # Django's
        indexes = (models.Index(fields=("account", "-booked_at", "id"), name="newest_first"),)

    def __str__(self) -> str:
        return f"{self.booked_at:%Y-%m-%d} {self.amount}"

    @property
    def amount(self) -> Money:
        """Negative where money left."""
        return Money(self.amount_minor_units, self.account.currency)
