"""Banking as a Django application, so that its commands are found."""

from django.apps import AppConfig


class BankingConfig(AppConfig):
    """The commands ``accounts`` and ``pay``."""

    name = "partner_client.banking"
