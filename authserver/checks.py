"""Numbered checks of the settings: errors are reported at start, not at the first request.

Checks with the tag ``authserver`` run with every command and before serving; checks with the tag ``serving``
depend on other commands, and run only before serving.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register
from django.db import OperationalError, ProgrammingError

from authserver.clients.extensions import LONGEST_LIFETIME_SECONDS
from authserver.clients.models import Client
from authserver.clients.policy import unbound_tokens
from authserver.clients.syntax import is_absolute_uri, is_scope
from authserver.keys.phases import MOST_PUBLISHED, TurningPolicy
from authserver.keys.store import NoSigningKey, signing_key_store
from authserver.status_list.places import FEWEST_PLACES, MOST_PLACES
from operations.settings.checks import SERVING, check_renewal, check_replay_store
from operations.settings.fapi2 import AUTHORIZATION_SERVER, FAPI2
from operations.settings.profile import is_fapi2, profile_check
from sender_constraint.django.checks import REVOCATION, check_trust_bundle

TAG = "authserver"


def check_issuer(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 8414 §2: an https URL; here an origin, with both well-known paths at its root."""
    try:
        parts = urlsplit(settings.ISSUER)
        origin = f"https://{parts.netloc}"
        wrong = (
            parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or origin != settings.ISSUER
        )
        _ = parts.port
    except ValueError:
        wrong = True
    hint = "Set ISSUER to an origin such as https://as.example, without path, query or trailing slash."
    return [Error("ISSUER must be an https origin.", hint=hint, id="authserver.E001")] if wrong else []


def check_lifetime(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 6749 §5.1: a lifetime in seconds."""
    if 1 <= settings.ACCESS_TOKEN_LIFETIME_SECONDS <= LONGEST_LIFETIME_SECONDS:
        return []
    hint = f"Set it to 1 to {LONGEST_LIFETIME_SECONDS}; usually minutes."
    return [Error("ACCESS_TOKEN_LIFETIME_SECONDS is out of range.", hint=hint, id="authserver.E003")]


def check_resources(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 8707 §2: absolute URIs without fragments."""
    if settings.RESOURCES and all(is_absolute_uri(resource) for resource in settings.RESOURCES):
        return []
    hint = "Set it to the absolute URIs of the APIs that tokens are issued for, separated by commas."
    return [
        Error(
            "RESOURCES is empty, or has an entry that is not an absolute URI.",
            hint=hint,
            id="authserver.E004",
        )
    ]


def check_scopes(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 6749 §3.3: scope values."""
    if settings.SCOPES and all(is_scope(scope) and " " not in scope for scope in settings.SCOPES):
        return []
    hint = "Set it to the scope values that clients can be registered for, separated by commas."
    return [
        Error("SCOPES is empty, or has an entry that is not a scope value.", hint=hint, id="authserver.E005")
    ]


def check_unbound_tokens(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """Warn if unbound tokens can be issued."""
    if not unbound_tokens():
        return []
    hint = "DEMO shows how a bearer token is stolen. Never set it where tokens protect anything real."
    message = "DEMO is set: clients registered for unbound access tokens get them."
    return [checks.Warning(message, hint=hint, id="authserver.W001")]


def check_report_mode(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """Warn about clients that get tokens without proof; under FAPI 2.0 there are none."""
    if not settings.REPORT_CLIENTS or is_fapi2():
        return []
    clients = ", ".join(settings.REPORT_CLIENTS)
    message = f"REPORT_CLIENTS is set: {clients} get unbound access tokens."
    hint = "Run ./scripts/manage authserver reported, and remove the clients that present a proof."
    return [checks.Warning(message, hint=hint, id="authserver.W020")]


def check_signing_key(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """Without a signing key, no tokens can be issued."""
    try:
        signing_key_store().load()
    except NoSigningKey as error:
        hint = "Run ./scripts/manage authserver prepare."
        return [Error(f"There is no usable signing key: {error}", hint=hint, id="authserver.E002")]
    return []


def check_signing_key_turning(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """A key is published before it signs, for longer than it may be cached; few are published at once."""
    if not 0 <= settings.JWKS_MAX_AGE_SECONDS <= LONGEST_LIFETIME_SECONDS:
        hint = f"Set it to 0 to {LONGEST_LIFETIME_SECONDS}; usually minutes."
        return [Error("JWKS_MAX_AGE_SECONDS is out of range.", hint=hint, id="authserver.E006")]
    lifetime = settings.SIGNING_KEY_LIFETIME_SECONDS
    policy = TurningPolicy.of(lifetime, settings.JWKS_MAX_AGE_SECONDS)
    if lifetime < policy.published_ahead_seconds:
        hint = (
            f"With JWKS_MAX_AGE_SECONDS={settings.JWKS_MAX_AGE_SECONDS}, the next key is published for "
            f"{policy.published_ahead_seconds:g} seconds before it signs: set at least that; usually a month."
        )
        return [Error("SIGNING_KEY_LIFETIME_SECONDS is too short.", hint=hint, id="authserver.E007")]
    if policy.most_published(settings.ACCESS_TOKEN_LIFETIME_SECONDS) > MOST_PUBLISHED:
        hint = f"More than {MOST_PUBLISHED} keys would be published at once: set a longer lifetime."
        return [Error("SIGNING_KEY_LIFETIME_SECONDS is too short.", hint=hint, id="authserver.E008")]
    return []


def check_status_lists(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """A status list is large enough for its tokens, and small enough for a verifier's memory."""
    if FEWEST_PLACES <= settings.STATUS_LIST_SIZE <= MOST_PLACES:
        return []
    hint = f"Set it to {FEWEST_PLACES} to {MOST_PLACES} tokens per list; usually a million."
    return [Error("STATUS_LIST_SIZE is out of range.", hint=hint, id="authserver.E013")]


def check_software_statements(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 7591 §5: an issuer, and its keys from a trustworthy source."""
    issuer, keys = settings.SOFTWARE_STATEMENT_ISSUER, settings.SOFTWARE_STATEMENT_JWKS
    if bool(issuer) == bool(keys) and not keys.startswith("http:"):
        return []
    hint = "Set both, to the directory's identifier and to a file or https URL with its keys; or neither."
    message = "SOFTWARE_STATEMENT_ISSUER and SOFTWARE_STATEMENT_JWKS are inconsistent, or use plain http."
    return [Error(message, hint=hint, id="authserver.E014")]


def check_registration_limits(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 6585 §4: limits under which at least one client can register."""
    messages: list[CheckMessage] = []
    for name, number in (("REGISTRATIONS_PER_SOFTWARE_ID", "E015"), ("REGISTRATIONS_PER_HOUR", "E016")):
        if getattr(settings, name) < 1:
            hint = "Set it to 1 or more. An empty SOFTWARE_STATEMENT_ISSUER disables registration."
            messages.append(Error(f"{name} is out of range.", hint=hint, id=f"authserver.{number}"))
    return messages


def check_token_endpoint_audience(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """draft-ietf-oauth-rfc7523bis §4: warn about clients whose assertions may have another audience."""
    if is_fapi2():
        return []  # not allowed there
    try:
        clients = [
            each.client_id
            for each in Client.objects.filter(assertion_audience_token_endpoint=True).exclude(profile=FAPI2)
        ]
    except (OperationalError, ProgrammingError):
        return []  # an outage, which is reported elsewhere
    if not clients:
        return []
    shown = ", ".join(clients[:10]) + (" and others" if len(clients) > 10 else "")
    message = f"{len(clients)} clients may use the token endpoint as the audience of assertions: {shown}."
    hint = (
        "Another server could obtain such an assertion and use it here. Once a client's software sends "
        "the issuer as aud, register it again without assertion_audience_token_endpoint."
    )
    return [checks.Warning(message, hint=hint, id="authserver.W021")]


def register_checks() -> None:
    """Register these checks, and those of the library."""
    own = (
        check_issuer,
        check_lifetime,
        check_resources,
        check_scopes,
        check_unbound_tokens,
        profile_check(AUTHORIZATION_SERVER),
        check_report_mode,
        check_signing_key_turning,
        check_status_lists,
        check_software_statements,
        check_registration_limits,
    )
    for check in (*own, check_renewal, *REVOCATION):
        register(check, TAG)
    for check in (check_trust_bundle, check_signing_key, check_token_endpoint_audience, check_replay_store):
        register(check, SERVING, deploy=True)
