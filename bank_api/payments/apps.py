"""The application ``payments``."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """Payments and the answers that were given for their idempotency keys."""

    name = "bank_api.payments"
    label = "payments"
    default_auto_field = "django.db.models.BigAutoField"
