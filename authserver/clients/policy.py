"""What this server offers to clients and demands of them, from its settings."""

from dataclasses import replace

from django.conf import settings

from authserver.clients.registered_client import RegisteredClient
from authserver.clients.registration import RegistrationPolicy
from operations.settings.fapi2 import FAPI2
from operations.settings.profile import is_fapi2


def registration_policy() -> RegistrationPolicy:
    """The policy by which clients are registered."""
    return RegistrationPolicy(
        tuple(settings.SCOPES), tuple(settings.RESOURCES), unbound_tokens(), tuple(settings.JWKS_URI_HOSTS)
    )


def dynamic_registration_policy() -> RegistrationPolicy:
    """The policy by which clients register themselves.

    None gets tokens that are bound to nothing, or that live longer than the operator's setting.
    """
    return replace(
        registration_policy(),
        demo=False,
        longest_lifetime_seconds=settings.ACCESS_TOKEN_LIFETIME_SECONDS,
    )


def unbound_tokens() -> bool:
    """Whether tokens that are bound to nothing may be issued: to the demo's client; never under FAPI 2.0."""
    return bool(settings.DEMO and not is_fapi2())


def is_held_to_fapi2(client: RegisteredClient) -> bool:
    """Whether FAPI 2.0 applies to this client: by the setting ``PROFILE``, or by its own registration."""
    return is_fapi2() or client.profile == FAPI2
