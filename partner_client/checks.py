"""Numbered checks of the settings: errors are reported at start, not at the first call."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from operations.certificates.client_keys import BINDINGS, METHODS
from operations.settings.checks import check_renewal
from operations.settings.fapi2 import CLIENT
from operations.settings.profile import profile_check
from sender_constraint.core.issuers import metadata_url
from sender_constraint.django.checks import REVOCATION

TAG = "partner_client"


def check_issuer(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """RFC 8414 §2: an HTTPS URL without query and fragment."""
    try:
        metadata_url(settings.ISSUER)
    except ValueError as error:
        hint = "Set ISSUER to the authorization server's issuer identifier, exactly as it publishes it."
        return [Error(f"ISSUER is invalid: {error}", hint=hint, id="partner_client.E001")]
    return []


def check_api_url(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """RFC 6750 §5.3: tokens are only sent over TLS."""
    if settings.API_URL.startswith("https://"):
        return []
    return [
        Error("API_URL must be an https URL.", hint="Set it to the bank's API.", id="partner_client.E002")
    ]


def check_token_endpoint(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """RFC 6749 §3.2: TLS, also if the endpoint does not come from metadata."""
    if not settings.TOKEN_ENDPOINT or settings.TOKEN_ENDPOINT.startswith("https://"):
        return []
    hint = "Leave it empty if the authorization server publishes metadata."
    return [Error("TOKEN_ENDPOINT must be an https URL.", hint=hint, id="partner_client.E004")]


def check_token_parameters(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """Each is a name and a value."""
    wrong = [each for each in settings.TOKEN_PARAMETERS if not each.partition("=")[0] or "=" not in each]
    hint = "Write name=value pairs, separated by commas."
    told = f"TOKEN_PARAMETERS is malformed: {', '.join(wrong)}."
    return [Error(told, hint=hint, id="partner_client.E010")] if wrong else []


def check_client_id(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """The client_id of this partner at the bank."""
    if settings.CLIENT_ID:
        return []
    hint = "Set it to the client_id from the registration at the bank."
    return [Error("CLIENT_ID is empty.", hint=hint, id="partner_client.E003")]


def check_client_keys(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """What the bank registered this client for; an unknown value would be taken for the default."""
    errors = []
    if settings.TOKEN_BINDING not in BINDINGS:
        hint = f"Set it to one of {', '.join(BINDINGS)}, as the bank registered this client."
        errors.append(Error("TOKEN_BINDING is unknown.", hint=hint, id="partner_client.E005"))
    if settings.CLIENT_AUTH_METHOD not in METHODS:
        hint = f"Set it to one of {', '.join(METHODS)}, as the bank registered this client."
        errors.append(Error("CLIENT_AUTH_METHOD is unknown.", hint=hint, id="partner_client.E006"))
    return errors


def register_checks() -> None:
    """Register these checks, and those of the library."""
    own = (
        check_issuer,
        check_token_endpoint,
        check_token_parameters,
        check_api_url,
        check_client_id,
        check_client_keys,
    )
    for check in (*own, profile_check(CLIENT), check_renewal, *REVOCATION):
        register(check, TAG)
