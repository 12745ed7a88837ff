"""The Django application of certificate status."""

from django.apps import AppConfig


class StatusConfig(AppConfig):
    """Keeps the revocation lists; which certificates are revoked, the register knows."""

    name = "ca.status"
    label = "status"
    default_auto_field = "django.db.models.BigAutoField"
