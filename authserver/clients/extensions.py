"""Client metadata that no RFC registers: what a client's tokens are for and are like, and how long they live.

``resources``: the absolute URIs that the client may name as ``resource`` (RFC 8707 §2).
``default_resource``: the one of them that a request without ``resource`` means.
``access_token_lifetime_seconds``: for how long its tokens live, in place of the server's default.
``assertion_audience_token_endpoint``: whether its assertions may have the URL of the token endpoint as
``aud``, for client software from before draft-ietf-oauth-rfc7523bis. Only an operator registers it.
``access_token_format``: ``jwt`` (RFC 9068), or ``opaque``, which an API has to introspect (RFC 7662).
``profile``: ``fapi2`` holds the client to FAPI 2.0, whatever the server's setting says.
``introspects``: for an API, the resources of which it may introspect tokens (RFC 7662 §2.1, §4).
RFC 7591 §2 allows extensions, https://www.rfc-editor.org/rfc/rfc7591.
"""

from collections.abc import Collection, Mapping
from typing import Any

from authserver.clients.bindings import Binding
from authserver.clients.members import flag, metadata_rule, number, text, texts
from authserver.clients.registered_client import JWT_FORMAT, OPAQUE_FORMAT, PRIVATE_KEY_JWT
from operations.settings.fapi2 import FAPI2, PROFILES
from sender_constraint.core.errors import InvalidClientMetadata
from sender_constraint.core.rules import enforces

LONGEST_LIFETIME_SECONDS = 86_400
TOKEN_ENDPOINT_AUDIENCE = "assertion_audience_token_endpoint"  # noqa: S105 - a member's name

RESOURCES = metadata_rule(
    "registration.resources", "RFC 8707 §2", "This server issues no tokens for a requested resource."
)
DEFAULT_RESOURCE = metadata_rule(
    "registration.default-resource",
    "RFC 8707 §2",
    "The default resource is not among the client's resources.",
)
LIFETIME = metadata_rule(
    "registration.lifetime", "RFC 6749 §5.1", "The access token lifetime is zero or above the maximum."
)
TOKEN_FORMAT = metadata_rule(
    "registration.token-format", "RFC 6749 §1.4", "The access token format is not supported."
)
PROFILE = metadata_rule("registration.profile", "RFC 7591 §2", "The security profile is unknown.")
PROFILE_BINDING = metadata_rule(
    "registration.profile-binding", "FAPI 2.0 §5.3.2.1", "FAPI 2.0 clients cannot have unbound tokens."
)
ASSERTION_AUDIENCE = metadata_rule(
    "registration.assertion-audience",
    "FAPI 2.0 §5.3.2.1",
    "The token endpoint as audience needs assertions outside FAPI 2.0.",
)
INTROSPECTS = metadata_rule(
    "registration.introspects", "RFC 7662 §4", "This server issues no tokens for a resource to introspect."
)


@enforces(RESOURCES)
def check_resources(resources: Collection[str], supported: Collection[str]) -> None:
    """RFC 8707 §2: at least one, and each of those for which this server issues tokens."""
    if not resources:
        raise InvalidClientMetadata(RESOURCES, "resources is empty")
    if unknown := sorted(set(resources).difference(supported)):
        raise InvalidClientMetadata(
            RESOURCES,
            "resources contains one for which this server issues no tokens",
            presented=unknown,
            expected=list(supported),
        )


@enforces(DEFAULT_RESOURCE)
def check_default_resource(default_resource: str, resources: Collection[str]) -> None:
    """RFC 8707 §2: a request without a resource means one that a request could name."""
    if default_resource not in resources:
        raise InvalidClientMetadata(
            DEFAULT_RESOURCE, "default_resource is not among resources", presented=default_resource
        )


@enforces(LIFETIME)
def check_lifetime(seconds: int | None, longest: int) -> None:
    """RFC 6749 §5.1: a lifetime in seconds."""
    if seconds is not None and not 1 <= seconds <= longest:
        raise InvalidClientMetadata(
            LIFETIME,
            f"access_token_lifetime_seconds is not between 1 and {longest}",
            expected=longest,
            presented=seconds,
        )


@enforces(TOKEN_FORMAT)
def check_token_format(token_format: str) -> None:
    """RFC 6749 §1.4: a token is an identifier, or contains what it says."""
    if token_format not in (JWT_FORMAT, OPAQUE_FORMAT):
        raise InvalidClientMetadata(
            TOKEN_FORMAT, "access_token_format is neither jwt nor opaque", presented=token_format[:200]
        )


@enforces(PROFILE)
def check_profile(profile: str) -> None:
    """RFC 7591 §2: a profile that nobody enforces protects nobody."""
    if profile not in PROFILES:
        raise InvalidClientMetadata(PROFILE, "profile is not fapi2", presented=profile[:200])


@enforces(PROFILE_BINDING)
def check_profile_binding(profile: str, binding: Binding) -> None:
    """FAPI 2.0 §5.3.2.1: sender-constrained access tokens only, in a demo too."""
    if profile == FAPI2 and not binding.certificate and not binding.dpop:
        raise InvalidClientMetadata(PROFILE_BINDING, "profile fapi2 contradicts unbound tokens")


@enforces(ASSERTION_AUDIENCE)
def check_assertion_audience(method: str, profile: str) -> None:
    """FAPI 2.0 §5.3.2.1: the issuer alone; and a client with certificates addresses no assertion."""
    if method != PRIVATE_KEY_JWT or profile == FAPI2:
        raise InvalidClientMetadata(
            ASSERTION_AUDIENCE,
            f"{TOKEN_ENDPOINT_AUDIENCE} needs private_key_jwt, and contradicts profile fapi2",
            presented={"token_endpoint_auth_method": method, "profile": profile[:200]},
        )


@enforces(INTROSPECTS)
def check_introspects(introspects: Collection[str], supported: Collection[str]) -> None:
    """RFC 7662 §4: an API asks about its own tokens; for others the server issues none."""
    if unknown := sorted(set(introspects).difference(supported)):
        raise InvalidClientMetadata(
            INTROSPECTS,
            "introspects contains a resource for which this server issues no tokens",
            presented=unknown,
            expected=list(supported),
        )


def resources(metadata: Mapping[str, Any], supported: Collection[str]) -> tuple[tuple[str, ...], str]:
    """The client's resources and its default among them; where omitted, the first that is supported.

    Raises InvalidClientMetadata.
    """
    default = text(metadata, "default_resource")
    named = texts(metadata, "resources")
    if named is None:
        named = (default,) if default is not None else tuple(supported)[:1]
    check_resources(named, supported)
    default = named[0] if default is None else default
    check_default_resource(default, named)
    return tuple(dict.fromkeys(named)), default


def lifetime_seconds(metadata: Mapping[str, Any], longest: int) -> int | None:
    """``access_token_lifetime_seconds``; None where omitted. Raises InvalidClientMetadata.

    longest: what the operator allows, in seconds.
    """
    seconds = number(metadata, "access_token_lifetime_seconds")
    check_lifetime(seconds, longest)
    return seconds


def token_endpoint_audience(metadata: Mapping[str, Any], method: str) -> bool:
    """``assertion_audience_token_endpoint``; false where omitted. Raises InvalidClientMetadata."""
    allowed = flag(metadata, TOKEN_ENDPOINT_AUDIENCE, default=False)
    if allowed:
        check_assertion_audience(method, text(metadata, "profile") or "")
    return allowed


def token_format(metadata: Mapping[str, Any]) -> str:
    """``access_token_format``; ``jwt`` where omitted. Raises InvalidClientMetadata."""
    named = text(metadata, "access_token_format")
    wanted = JWT_FORMAT if named is None else named
    check_token_format(wanted)
    return wanted


def profile(metadata: Mapping[str, Any], binding: Binding) -> str:
    """``profile``; empty where omitted. Raises InvalidClientMetadata."""
    named = text(metadata, "profile") or ""
    check_profile(named)
    check_profile_binding(named, binding)
    return named


def introspects(metadata: Mapping[str, Any], supported: Collection[str]) -> tuple[str, ...]:
    """``introspects``; none where omitted. Raises InvalidClientMetadata."""
    named = texts(metadata, "introspects") or ()
    check_introspects(named, supported)
    return tuple(dict.fromkeys(named))
