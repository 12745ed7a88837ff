"""Numbered checks of the setting ``SENDER_CONSTRAINT``, for an API and for services that use parts of it."""

import os
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error

from sender_constraint.certificates.issuer_status import NONE, is_responder_url, responders_of
from sender_constraint.core.issuers import metadata_url
from sender_constraint.core.replay import ReplayMemoryUnavailable
from sender_constraint.core.resources import is_https, origin_of, resource_metadata_url
from sender_constraint.core.untrusted_input import certificates_from_pem
from sender_constraint.django.conf import SETTING, library_settings, setting_problems
from sender_constraint.django.replay import NO_MEMORY, evicting_policy
from sender_constraint.django.trust import NoTrustAnchors, trust_anchors
from sender_constraint.resource_server.issuer_signatures import ALGORITHMS, unknown_algorithms
from sender_constraint.resource_server.replay_memory import NO_EVICTION
from sender_constraint.tls.limits import REPLACEMENT

# The middleware that serve the metadata of a protected resource.
METADATA = (
    "sender_constraint.django.SenderConstraintMiddleware",
    "sender_constraint.django.protected_resource_metadata",
)

LONGEST_PROMISE_SECONDS = 3600
LONGEST_GRACE_SECONDS = 7 * 86400
SHORTEST_NONCE_SECONDS = 5
LONGEST_NONCE_SECONDS = 3600


def check_keys(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """A key that this library does not know would be ignored, and a value of another type misread."""
    hint = "docs/integrate.md has the keys of SENDER_CONSTRAINT and their types."
    problems = setting_problems(getattr(settings, SETTING, {}))
    return [Error(problem, hint=hint, id="sender_constraint.E028") for problem in problems]


def check_trust_bundle(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """Without trust anchors, no client can be authenticated and no server trusted."""
    try:
        trust_anchors()
    except NoTrustAnchors as error:
        hint = "Set TRUST_BUNDLE to the PEM file of the scheme's certificate authorities, including the root."
        return [Error(f"The trust bundle cannot be used: {error}", hint=hint, id="sender_constraint.E001")]
    return []


def check_revocation_promise(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """Revocation takes effect within a promised time; a status is refreshed after a third of it."""
    errors = []
    if not 1 <= library_settings().revocation_seconds <= LONGEST_PROMISE_SECONDS:
        hint = f"Set the seconds from revocation to refusal: 1 to {LONGEST_PROMISE_SECONDS}, usually 5."
        errors.append(Error("REVOCATION_SECONDS is out of range.", hint=hint, id="sender_constraint.E003"))
    if not 0 <= library_settings().status_grace_seconds <= LONGEST_GRACE_SECONDS:
        hint = f"Set the seconds for which an outage of the CA is tolerated: 0 to {LONGEST_GRACE_SECONDS}."
        errors.append(Error("STATUS_GRACE_SECONDS is out of range.", hint=hint, id="sender_constraint.E004"))
    return errors


def check_grace(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """With a grace period, an attacker who blocks the CA prolongs a revoked certificate: warn about it."""
    if library_settings().status_grace_seconds <= 0:
        return []
    seconds = library_settings().revocation_seconds + library_settings().status_grace_seconds
    message = (
        f"STATUS_GRACE_SECONDS is set: in an outage, revocation can take {seconds} seconds to take effect."
    )
    hint = "Set it to 0 to refuse certificates whose status cannot be checked within REVOCATION_SECONDS."
    return [checks.Warning(message, hint=hint, id="sender_constraint.W001")]


def check_ocsp_url(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """Where revocation status comes from. Warn about authorities without any."""
    messages: list[CheckMessage] = []
    unasked = ["all others"] if library_settings().ocsp_url == NONE else []
    if not unasked and not is_responder_url(library_settings().ocsp_url):
        hint = "Set OCSP_URL to the CA's OCSP responder, for example http://ca.example/ocsp."
        messages.append(Error("OCSP_URL must be an http URL.", hint=hint, id="sender_constraint.E005"))
    try:
        responders = responders_of(library_settings().issuer_status)
        unasked = [str(name) for name, url in responders.items() if url == NONE] + unasked
    except ValueError as error:
        hint = "Separate entries by ';': a responder's http URL, or none, and the authority's name."
        told = f"ISSUER_STATUS is malformed: {error}."
        messages.append(Error(told, hint=hint, id="sender_constraint.E011"))
    if unasked:
        told = f"Revoked certificates are accepted until they expire, if issued by {'; '.join(unasked)}."
        hint = "Set OCSP_URL or ISSUER_STATUS to the authority's OCSP responder, if it has one."
        messages.append(checks.Warning(told, hint=hint, id="sender_constraint.W003"))
    return messages


def check_protected_resource(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """RFC 8414 §2, RFC 8707 §2: which issuer's tokens are accepted, and for which audience."""
    errors = []
    try:
        metadata_url(library_settings().issuer)
    except ValueError as error:
        hint = "Set ISSUER to the authorization server's issuer identifier, exactly as it publishes it."
        errors.append(Error(f"ISSUER is invalid: {error}", hint=hint, id="sender_constraint.E006"))
    try:
        resource_metadata_url(library_settings().resource)
    except ValueError as error:
        hint = "Set RESOURCE to this API's identifier, the audience of its tokens."
        errors.append(Error(f"RESOURCE is invalid: {error}", hint=hint, id="sender_constraint.E007"))
    return errors


def check_dpop(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """RFC 9449 §4.3: with a wrong origin, no proof matches the URL."""
    errors = []
    origin, seconds = library_settings().public_origin, library_settings().dpop_nonce_seconds
    if origin_of(origin) != origin or not is_https(origin):
        hint = "Set PUBLIC_ORIGIN to an origin such as https://api.example, without path or trailing slash."
        errors.append(Error("PUBLIC_ORIGIN must be an https origin.", hint=hint, id="sender_constraint.E015"))
    if not SHORTEST_NONCE_SECONDS <= seconds <= LONGEST_NONCE_SECONDS:
        hint = f"Set the seconds until a nonce changes: {SHORTEST_NONCE_SECONDS} to {LONGEST_NONCE_SECONDS}."
        errors.append(Error("DPOP_NONCE_SECONDS is out of range.", hint=hint, id="sender_constraint.E016"))
    return errors


def check_introspection_limits(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """RFC 7662 §4: with a limit of 0, no opaque token could be introspected."""
    names = ("INTROSPECTIONS_PER_CERTIFICATE", "INTROSPECTIONS_WITHOUT_CERTIFICATE")
    hint = "Set the unknown opaque tokens allowed per minute and worker; usually 60."
    return [
        Error(f"{name} must be positive.", hint=hint, id="sender_constraint.E020")
        for name in names
        if getattr(library_settings(), name.lower()) < 1
    ]


def check_replay_store(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """RFC 9449 §11.1: without a shared replay store, a DPoP proof could be used twice.

    A replacement worker starts without it: certificate-bound calls need no Redis.
    """
    redis_url = library_settings().redis_url
    if redis_url == NO_MEMORY:
        return []
    without = "or set it to none to accept certificate-bound tokens only."
    if not redis_url:
        hint = f"Set it to this API's Redis server, for example redis://localhost:6379/0; {without}"
        told = "REDIS_URL is not set: DPoP proofs need a replay store."
        return [Error(told, hint=hint, id="sender_constraint.E021")]
    try:
        return eviction_errors(evicting_policy())
    except (ReplayMemoryUnavailable, ValueError) as problem:
        hint = f"Start the Redis server at REDIS_URL, or correct REDIS_URL; {without}"
        told = f"The replay store's Redis server does not respond: {problem}."
        if REPLACEMENT in os.environ:
            return [checks.Warning(told, hint=hint, id="sender_constraint.W005")]
        return [Error(told, hint=hint, id="sender_constraint.E022")]


def eviction_errors(policy: str | None) -> Sequence[CheckMessage]:
    """What ``evicting_policy`` found, as an error of a check."""
    if policy is None:
        return []
    hint = f"Set maxmemory-policy {NO_EVICTION} in the configuration of the Redis server at REDIS_URL."
    told = f"The replay store's Redis evicts keys: its maxmemory-policy is {policy}."
    return [Error(told, hint=hint, id="sender_constraint.E027")]


def check_server_certificate(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """RFC 8446 §4.4.2: a server sends its intermediates; callers may have the root only."""
    file = library_settings().server_certificate_file
    if file is None:
        return []
    hint = "SERVER_CERTIFICATE_FILE is PEM: the server's own certificate, then its intermediates in order."
    try:
        chain = certificates_from_pem(file.read_bytes())
    except (OSError, ValueError) as problem:
        told = f"The server certificate cannot be read: {problem}."
        return [Error(told, hint=hint, id="sender_constraint.E023")]
    last = chain[-1]
    if last.issuer == last.subject:
        return []
    try:
        anchors = trust_anchors()
    except NoTrustAnchors:
        return []  # check_trust_bundle reports it
    if any(last.issuer == each.subject for each in anchors.anchors):
        return []
    issuer = last.issuer.rfc4514_string()
    told = f"{file} ends before the root: the certificate of {issuer} is missing."
    if any(last.issuer == each.subject for each in anchors.intermediates):
        hint = f"Append it to the file: callers may not have it, and OCSP stapling needs it. {hint}"
        return [Error(told, hint=hint, id="sender_constraint.E024")]
    hint = f"Append it to the file, unless it is a root. {hint}"
    return [checks.Warning(told, hint=hint, id="sender_constraint.W006")] if len(chain) == 1 else []


def check_metadata(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """RFC 9728 §5.1: the metadata document that the challenges link to must exist."""
    if not set(METADATA).isdisjoint(settings.MIDDLEWARE):
        return []
    hint = f'Add "{METADATA[0]}" to MIDDLEWARE.'
    told = "The protected resource metadata that this API's challenges link to is not served."
    return [Error(told, hint=hint, id="sender_constraint.E025")]


def check_introspection(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """RFC 7662 §2.1: the API authenticates to the introspection endpoint with its own certificate."""
    configured = library_settings()
    if not configured.introspection_client_id or configured.client_certificates is not None:
        return []
    hint = "Set CLIENT_CERTIFICATES to the folder of a certificate store, or leave it empty."
    told = "INTROSPECTION_CLIENT_ID is set, but there is no client certificate to authenticate with."
    return [Error(told, hint=hint, id="sender_constraint.E026")]


def check_issuer_tokens(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """RFC 8725 §3.1: an explicit list of asymmetric algorithms; RFC 9068 §2.1: a type of its own."""
    messages: list[CheckMessage] = []
    configured = library_settings()
    unknown = unknown_algorithms(configured.issuer_algorithms)
    if unknown or not configured.issuer_algorithms:
        hint = f"Set ISSUER_ALGORITHMS to one or more of {', '.join(ALGORITHMS)}."
        told = f"ISSUER_ALGORITHMS has {', '.join(unknown) or 'no algorithm'}."
        messages.append(Error(told, hint=hint, id="sender_constraint.E008"))
    if not configured.access_token_types:
        hint = "Set it to at+jwt (RFC 9068), or to JWT for authorization servers that do not follow RFC 9068."
        messages.append(Error("ACCESS_TOKEN_TYPES is empty.", hint=hint, id="sender_constraint.E009"))
    if any(each.lower().removeprefix("application/") == "jwt" for each in configured.access_token_types):
        told = "ACCESS_TOKEN_TYPES includes JWT: any JWT of the issuer for this audience is accepted."
        hint = "Make sure that RESOURCE is not a client_id, which is the audience of ID tokens."
        messages.append(checks.Warning(told, hint=hint, id="sender_constraint.W002"))
    if configured.issuer_jwks_uri and not configured.issuer_jwks_uri.startswith("https://"):
        hint = "Leave it empty if the issuer publishes metadata."
        messages.append(
            Error("ISSUER_JWKS_URI must be an https URL.", hint=hint, id="sender_constraint.E010")
        )
    return messages


def check_report_mode(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """Warn about routes that accept stolen tokens; refuse unknown routes."""
    # What it imports needs the settings of Django REST Framework, which name modules of this library.
    from sender_constraint.django.report_mode import known_routes

    if not library_settings().report_routes:
        return []
    unknown = sorted(set(library_settings().report_routes) - known_routes())
    if unknown:
        hint = f"This service's routes are {', '.join(sorted(known_routes()))}."
        told = f"REPORT_ROUTES has unknown routes: {', '.join(unknown)}."
        return [Error(told, hint=hint, id="sender_constraint.E012")]
    routes = ", ".join(library_settings().report_routes)
    told = f"REPORT_ROUTES is set: {routes} accept access tokens without proof of possession."
    hint = "Run manage.py reported, and remove the routes on which all clients present a proof."
    return [checks.Warning(told, hint=hint, id="sender_constraint.W004")]


REVOCATION = (check_revocation_promise, check_grace, check_ocsp_url)
_PROTECTED_RESOURCE = (
    check_protected_resource,
    check_dpop,
    check_replay_store,
    check_introspection_limits,
    check_server_certificate,
    check_metadata,
    check_introspection,
    check_issuer_tokens,
    check_report_mode,
    check_trust_bundle,
    *REVOCATION,
)


def check_api(**kwargs: Any) -> Sequence[CheckMessage]:
    """All checks of an API: those of keys and types first, since the others read the values."""
    return check_keys() or [message for check in _PROTECTED_RESOURCE for message in check(**kwargs)]
