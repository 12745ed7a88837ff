"""The application of registered clients."""

from django.apps import AppConfig


class ClientsConfig(AppConfig):
    """Registered clients."""

    name = "authserver.clients"
    label = "clients"
    default_auto_field = "django.db.models.BigAutoField"
