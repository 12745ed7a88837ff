"""What this server offers to clients, from its settings."""

from django.conf import settings

from authserver.clients.registration import RegistrationPolicy


def registration_policy() -> RegistrationPolicy:
    """The policy by which clients are registered."""
    return RegistrationPolicy(
        tuple(settings.SCOPES), tuple(settings.RESOURCES), settings.DEMO, tuple(settings.JWKS_URI_HOSTS)
    )
