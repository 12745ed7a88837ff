"""The application of issued tokens."""

from django.apps import AppConfig


class IssuedTokensConfig(AppConfig):
    """Issued tokens."""

    name = "authserver.issued_tokens"
    label = "issued_tokens"
    default_auto_field = "django.db.models.BigAutoField"
