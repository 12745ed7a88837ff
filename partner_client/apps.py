"""The partner's service as a Django application: its settings are checked at start."""

from django.apps import AppConfig


class PartnerClientConfig(AppConfig):
    """Registers the checks."""

    name = "partner_client"

    def ready(self) -> None:
        """Django calls this once, when all applications are loaded."""
        from partner_client import checks

        checks.register_checks()
