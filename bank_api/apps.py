"""The application ``bank_api``: its commands and its checks."""

from django.apps import AppConfig


class BankAPIConfig(AppConfig):
    """What belongs to the service and to none of its applications."""

    name = "bank_api"
    verbose_name = "Bank API"

    def ready(self) -> None:
        """Register the checks."""
        from bank_api import checks

        checks.register_checks()
