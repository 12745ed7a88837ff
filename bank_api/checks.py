"""Numbered checks of the settings: errors are reported at start, not at the first request.

Checks with the tag ``bank_api`` run with every command and before serving; checks with the tag ``serving``
depend on other services, and run only before serving.
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
        return [Error(f"ISSUER is invalid: {error}", hint=hint, id="bank_api.E001")]
    return []


def check_resource(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 8707 §2: an absolute URI without fragment; here the URL of this API."""
    hint = "Set RESOURCE to a URL such as https://api.example, without query or trailing slash."
    wrong = Error("RESOURCE must be an https URL.", hint=hint, id="bank_api.E002")
    return (
        []
        if _is_https(library_settings().resource) and not library_settings().resource.endswith("/")
        else [wrong]
    )


def check_bearer_route(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """Warn about a route that accepts unbound tokens."""
    if not settings.DEMO or is_fapi2():
        return []
    hint = "DEMO shows how a bearer token is stolen. Never set it where accounts are real."
    message = "DEMO is set: /demo/bearer/accounts accepts unbound access tokens."
    return [checks.Warning(message, hint=hint, id="bank_api.W001")]


def check_introspection(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """Introspection of opaque tokens needs a client certificate."""
    if not library_settings().introspection_client_id or "client" in settings.CERTIFICATE_STORES:
        return []
    hint = "Declare a store with the purpose client, or leave it empty: opaque tokens are then refused."
    message = "INTROSPECTION_CLIENT_ID is set, but there is no client certificate to authenticate with."
    return [Error(message, hint=hint, id="bank_api.E011")]


def check_enforced(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """Bound means bound: this API has no mode that serves callers without proof."""
    hint = "Report mode is for APIs that migrate to bound tokens: see docs/migrate.md."
    if library_settings().report_routes:
        return [Error("REPORT_ROUTES is set, but this API always enforces.", hint=hint, id="bank_api.E010")]
    reporting = sorted({view.__name__ for view in _views() if _reports(view)})
    told = f"{', '.join(reporting)} would report instead of refusing, but this API always enforces."
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
    """Register these checks, and those of the library."""
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
