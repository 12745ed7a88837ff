"""Numbered checks of the settings: what is wrong is said at start, not at the first request.

Those with the tag ``authserver`` run with every command and before serving; those with the tag ``serving``
need what other commands make, and run before serving only.
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
    """RFC 8414 §2: an https URL; here an origin, so that both well-known paths are at its root."""
    try:
        parts = urlsplit(settings.ISSUER)
        origin = f"https://{parts.netloc}"
        wrong = (
            parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or origin != settings.ISSUER
        )
        _ = parts.port
    except ValueError:
        wrong = True
    hint = "Set ISSUER to something like https://as.example: no path, no query, no slash at its end."
    return [Error("ISSUER is not an https origin.", hint=hint, id="authserver.E001")] if wrong else []


def check_lifetime(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 6749 §5.1: a lifetime in seconds."""
    if 1 <= settings.ACCESS_TOKEN_LIFETIME_SECONDS <= LONGEST_LIFETIME_SECONDS:
        return []
    hint = f"Between 1 and {LONGEST_LIFETIME_SECONDS}; minutes are usual."
    return [Error("ACCESS_TOKEN_LIFETIME_SECONDS is out of range.", hint=hint, id="authserver.E003")]


def check_resources(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 8707 §2: absolute URIs without fragments."""
    if settings.RESOURCES and all(is_absolute_uri(resource) for resource in settings.RESOURCES):
        return []
    hint = "Name the APIs for which tokens are issued, as absolute URIs, separated by commas."
    return [Error("RESOURCES is empty, or holds what is no resource.", hint=hint, id="authserver.E004")]


def check_scopes(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 6749 §3.3: scope values."""
    if settings.SCOPES and all(is_scope(scope) and " " not in scope for scope in settings.SCOPES):
        return []
    hint = "Name the scope values that clients may be registered for, separated by commas."
    return [Error("SCOPES is empty, or holds what is no scope value.", hint=hint, id="authserver.E005")]


def check_unbound_tokens(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """Tokens that whoever holds them can use are announced wherever they can be issued."""
    if not unbound_tokens():
        return []
    hint = "Good for showing how a bearer token is stolen. Never set DEMO where tokens open anything."
    message = "DEMO is set: access tokens bound to no certificate are issued to clients registered for them."
    return [checks.Warning(message, hint=hint, id="authserver.W001")]


def check_report_mode(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """Clients that get tokens without proof are announced; under FAPI 2.0 there are none."""
    if not settings.REPORT_CLIENTS or is_fapi2():
        return []
    clients = ", ".join(settings.REPORT_CLIENTS)
    message = f"REPORT_CLIENTS is set: {clients} get access tokens that whoever holds them can use."
    hint = "Run ./scripts/manage authserver reported, and take out the clients that come with proof."
    return [checks.Warning(message, hint=hint, id="authserver.W020")]


def check_signing_key(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """Without a signing key no token can be issued."""
    try:
        signing_key_store().load()
    except NoSigningKey as error:
        hint = "Run ./scripts/manage authserver prepare."
        return [Error(f"There is no usable signing key: {error}", hint=hint, id="authserver.E002")]
    return []


def check_signing_key_turning(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """A key is published before it signs, for longer than anyone caches; and few are published at once."""
    if not 0 <= settings.JWKS_MAX_AGE_SECONDS <= LONGEST_LIFETIME_SECONDS:
        hint = f"Between 0 and {LONGEST_LIFETIME_SECONDS}; minutes are usual."
        return [Error("JWKS_MAX_AGE_SECONDS is out of range.", hint=hint, id="authserver.E006")]
    lifetime = settings.SIGNING_KEY_LIFETIME_SECONDS
    policy = TurningPolicy.of(lifetime, settings.JWKS_MAX_AGE_SECONDS)
    if lifetime < policy.published_ahead_seconds:
        hint = (
            f"With JWKS_MAX_AGE_SECONDS={settings.JWKS_MAX_AGE_SECONDS} the next key has to be published for "
            f"{policy.published_ahead_seconds:g} seconds before it signs: use that or more; a month is usual."
        )
        return [Error("SIGNING_KEY_LIFETIME_SECONDS is too short.", hint=hint, id="authserver.E007")]
    if policy.most_published(settings.ACCESS_TOKEN_LIFETIME_SECONDS) > MOST_PUBLISHED:
        hint = f"Tokens outlive so many keys that more than {MOST_PUBLISHED} would be published at once."
        return [Error("SIGNING_KEY_LIFETIME_SECONDS is too short.", hint=hint, id="authserver.E008")]
    return []


def check_status_lists(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """A status list has room for tokens, and verifiers can keep it in memory."""
    if FEWEST_PLACES <= settings.STATUS_LIST_SIZE <= MOST_PLACES:
        return []
    hint = f"Between {FEWEST_PLACES} and {MOST_PLACES} tokens in a list; a million is usual."
    return [Error("STATUS_LIST_SIZE is out of range.", hint=hint, id="authserver.E013")]


def check_software_statements(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 7591 §5: keys that nobody changed on their way; from an issuer, and of an issuer."""
    issuer, keys = settings.SOFTWARE_STATEMENT_ISSUER, settings.SOFTWARE_STATEMENT_JWKS
    if bool(issuer) == bool(keys) and not keys.startswith("http:"):
        return []
    hint = "Set both, the directory's identifier and a file or an https address with its keys; or neither."
    message = "SOFTWARE_STATEMENT_ISSUER and SOFTWARE_STATEMENT_JWKS do not go together, or are in the clear."
    return [Error(message, hint=hint, id="authserver.E014")]


def check_registration_limits(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """RFC 6585 §4: limits at which one client can register."""
    messages: list[CheckMessage] = []
    for name, number in (("REGISTRATIONS_PER_SOFTWARE_ID", "E015"), ("REGISTRATIONS_PER_HOUR", "E016")):
        if getattr(settings, name) < 1:
            hint = "1 or more. To end registration by statements leave SOFTWARE_STATEMENT_ISSUER empty."
            messages.append(Error(f"{name} is out of range.", hint=hint, id=f"authserver.{number}"))
    return messages


def check_token_endpoint_audience(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001  # Django's signature
    """draft-ietf-oauth-rfc7523bis §4: clients whose assertions may name another audience are announced."""
    if is_fapi2():
        return []  # where they may not
    try:
        clients = [
            each.client_id
            for each in Client.objects.filter(assertion_audience_token_endpoint=True).exclude(profile=FAPI2)
        ]
    except (OperationalError, ProgrammingError):
        return []  # an outage, and said by other means
    if not clients:
        return []
    shown = ", ".join(clients[:10]) + (" and others" if len(clients) > 10 else "")
    message = f"{len(clients)} clients may address assertions to the token endpoint: {shown}."
    hint = (
        "An assertion that another server had such a client sign may be used here. Once its software sends "
        "the issuer as aud, register it again without assertion_audience_token_endpoint."
    )
    return [checks.Warning(message, hint=hint, id="authserver.W021")]


def register_checks() -> None:
    """Register all of them, and those of the library."""
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
