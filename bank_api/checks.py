"""Numbered checks of the settings: what is wrong is said at start, not at the first request.

Those with the tag ``bank_api`` run with every command and before serving; those with the tag ``serving``
need what other services make, and run before serving only.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from operations.settings.checks import SERVING, check_renewal, check_replay_store
from operations.settings.fapi2 import RESOURCE_SERVER
from operations.settings.profile import is_fapi2, profile_check
from sender_constraint.core.issuers import metadata_url
from sender_constraint.django.checks import (
    REVOCATION,
    check_dpop,
    check_introspection_limits,
    check_issuer_tokens,
    check_trust_bundle,
)
from sender_constraint.django.conf import library_settings

TAG = "bank_api"


def check_issuer(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 8414 §2: an https URL without query and fragment."""
    try:
        metadata_url(library_settings().issuer)
    except ValueError as error:
        hint = "Set ISSUER to the authorization server's issuer identifier, exactly as it publishes it."
        return [Error(f"ISSUER cannot be used: {error}", hint=hint, id="bank_api.E001")]
    return []


def check_resource(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 8707 §2: an absolute URI without fragment; here the address under which this API is called."""
    hint = "Set RESOURCE to something like https://api.example: no query, no slash at its end."
    wrong = Error("RESOURCE is not an https URL.", hint=hint, id="bank_api.E002")
    return (
        []
        if _is_https(library_settings().resource) and not library_settings().resource.endswith("/")
        else [wrong]
    )


def check_bearer_route(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """A route that takes tokens from whoever holds them is announced."""
    if not settings.DEMO or is_fapi2():
        return []
    hint = "Good for showing how a bearer token is stolen. Never set DEMO where accounts are real."
    message = "DEMO is set: /demo/bearer/accounts accepts access tokens that are bound to no certificate."
    return [checks.Warning(message, hint=hint, id="bank_api.W001")]


def check_introspection(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """Whoever asks about opaque tokens authenticates, by a certificate of its own."""
    if not library_settings().introspection_client_id or "client" in settings.CERTIFICATE_STORES:
        return []
    hint = "Declare a store of the purpose client, or leave it empty: then no opaque token is taken."
    message = "INTROSPECTION_CLIENT_ID is set, and there is no client certificate to ask with."
    return [Error(message, hint=hint, id="bank_api.E011")]


def check_enforced(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """Bound means bound: this API serves nobody without proof, in no mode."""
    hint = "Report mode is for APIs on their way to bound tokens: docs/migrate.md."
    if library_settings().report_routes:
        return [Error("REPORT_ROUTES is set, and this API enforces.", hint=hint, id="bank_api.E010")]
    reporting = sorted({view.__name__ for view in _views() if _reports(view)})
    told = f"{', '.join(reporting)} would report instead of refusing, and this API enforces."
    return [Error(told, hint=hint, id="bank_api.E010")] if reporting else []


def _views() -> Iterator[type]:
    """The views of Django REST Framework that this service has."""
    from bank_api.urls import urlpatterns

    views = (getattr(each.callback, "cls", None) for each in urlpatterns)
    return (view for view in views if view is not None)


def _reports(view: type) -> bool:
    from sender_constraint.django.report_mode import ReportingTokenAuthentication

    accepted = getattr(view, "authentication_classes", ())
    return any(issubclass(each, ReportingTokenAuthentication) for each in accepted)


def register_checks() -> None:
    """Register all of them, and those of the library."""
    own = (
        check_issuer,
        check_resource,
        check_bearer_route,
        check_introspection,
        check_enforced,
        profile_check(RESOURCE_SERVER),
    )
    for check in (
        *own,
        check_dpop,
        check_introspection_limits,
        check_issuer_tokens,
        check_renewal,
        *REVOCATION,
    ):
        register(check, TAG)
    for check in (check_trust_bundle, check_replay_store):
        register(check, SERVING, deploy=True)


def _is_https(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not parts.query and not parts.fragment
