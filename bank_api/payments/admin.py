"""Payments in the admin, and which idempotency key led to which outcome."""

from django.contrib import admin

from bank_api.payments.models import IdempotencyRecord, Payment
from operations.pages.view_only import ViewOnly


@admin.register(Payment)
class PaymentAdmin(ViewOnly):
    """Clients make them by the API, and nobody changes them."""

    list_display = (
        "created_at", "client_id", "debtor_account", "paid", "creditor_name", "creditor_iban",
        "reference",
    )  # fmt: skip
    list_filter = ("created_at", "client_id", "debtor_account__currency")
    list_select_related = ("debtor_account",)
    search_fields = (
        "id", "client_id", "debtor_account__iban", "creditor_name", "creditor_iban", "reference",
    )  # fmt: skip
    ordering = ("-created_at", "id")
    fields = (
        "id", "client_id", "created_at", "debtor_account", "paid", "creditor_name",
        "creditor_iban", "reference", "transaction", "idempotencyrecord",
    )  # fmt: skip

    @admin.display(description="amount", ordering="amount_minor_units")
    def paid(self, payment: Payment) -> str:
        """A decimal and its currency."""
        return str(payment.amount)


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ViewOnly):
    """Kept as long as payments are: without one, a retry would pay again."""

    list_display = ("created_at", "client_id", "key", "payment", "refused_by")
    list_filter = ("created_at", "client_id", "refused_by")
    list_select_related = ("payment",)
    search_fields = ("client_id", "key", "payment__id")
    ordering = ("-created_at", "id")
    fields = ("id", "client_id", "key", "created_at", "fingerprint", "payment", "refused_by")
