"""Numbered checks of the settings: what is wrong is said at start, not at the first request.

Those with the tag ``bank_api`` run with every command and before serving; those with the tag ``serving``
need what other services make, and run before serving only.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from sender_constraint.django.trust import NoTrustAnchors, trust_anchors

TAG = "bank_api"
SERVING = "serving"


def check_issuer(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 8414 §2: an https URL without query and fragment."""
    hint = "Set ISSUER to the authorization server's issuer identifier, exactly as it publishes it."
    wrong = Error("ISSUER is not an https URL.", hint=hint, id="bank_api.E001")
    return [] if _is_https(settings.ISSUER) else [wrong]


def check_resource(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 8707 §2: an absolute URI without fragment; here the address under which this API is called."""
    hint = "Set RESOURCE to something like https://api.example: no query, no slash at its end."
    wrong = Error("RESOURCE is not an https URL.", hint=hint, id="bank_api.E002")
    return [] if _is_https(settings.RESOURCE) and not settings.RESOURCE.endswith("/") else [wrong]


def check_bearer_route(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """A route that takes tokens from whoever holds them is announced."""
    if not settings.DEMO:
        return []
    hint = "Good for showing how a bearer token is stolen. Never set DEMO where accounts are real."
    message = "DEMO is set: /demo/bearer/accounts accepts access tokens that are bound to no certificate."
    return [checks.Warning(message, hint=hint, id="bank_api.W001")]


def check_trust_bundle(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """Without trust anchors no certificate can be judged, and the issuer's keys cannot be fetched."""
    try:
        trust_anchors()
    except NoTrustAnchors as error:
        hint = "TRUST_BUNDLE names the PEM file of the scheme's certificate authorities, root included."
        return [Error(f"The trust bundle cannot be used: {error}", hint=hint, id="bank_api.E003")]
    return []


def register_checks() -> None:
    """Register all of them, in the order of their numbers."""
    for check in (check_issuer, check_resource, check_bearer_route):
        register(check, TAG)
    register(check_trust_bundle, SERVING, deploy=True)


def _is_https(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not parts.query and not parts.fragment
