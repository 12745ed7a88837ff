"""The application ``accounts``."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts, balances and transactions, read by the clients to which an account was opened."""

    name = "bank_api.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
