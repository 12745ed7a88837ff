"""Client metadata that no RFC registers: where a client's tokens are for, and how long they live.

``resources``: the absolute URIs that the client may name as ``resource`` (RFC 8707 §2).
``default_resource``: the one of them that a request without ``resource`` means.
``access_token_lifetime_seconds``: for how long its tokens live, in place of the server's default.
RFC 7591 §2 allows extensions, https://www.rfc-editor.org/rfc/rfc7591.
"""

from collections.abc import Collection, Mapping
from typing import Any

from authserver.clients.members import number, text, texts
from sender_constraint.errors import InvalidClientMetadata
from sender_constraint.rules import enforces, rule

LONGEST_LIFETIME_SECONDS = 86_400

RESOURCES = rule(
    "registration.resources",
    "RFC 8707 §2",
    "The client is to get tokens for a resource for which this server issues none.",
)
DEFAULT_RESOURCE = rule(
    "registration.default-resource",
    "RFC 8707 §2",
    "The client's default resource is none of its resources.",
)
LIFETIME = rule(
    "registration.lifetime",
    "RFC 6749 §5.1",
    "The client is to get tokens that live for no time, or for more than a day.",
)


@enforces(RESOURCES)
def check_resources(resources: Collection[str], supported: Collection[str]) -> None:
    """RFC 8707 §2: at least one, and each of those for which this server issues tokens."""
    if not resources:
        raise InvalidClientMetadata(RESOURCES, "resources is empty")
    if unknown := sorted(set(resources).difference(supported)):
        raise InvalidClientMetadata(
            RESOURCES,
            "resources holds one for which this server issues no tokens",
            presented=unknown,
            expected=list(supported),
        )


@enforces(DEFAULT_RESOURCE)
def check_default_resource(default_resource: str, resources: Collection[str]) -> None:
    """RFC 8707 §2: a request without a resource means one that a request could name."""
    if default_resource not in resources:
        raise InvalidClientMetadata(
            DEFAULT_RESOURCE, "default_resource is none of resources", presented=default_resource
        )


@enforces(LIFETIME)
def check_lifetime(seconds: int | None) -> None:
    """RFC 6749 §5.1: a lifetime in seconds."""
    if seconds is not None and not 1 <= seconds <= LONGEST_LIFETIME_SECONDS:
        raise InvalidClientMetadata(
            LIFETIME, f"access_token_lifetime_seconds is not between 1 and {LONGEST_LIFETIME_SECONDS}"
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


def lifetime_seconds(metadata: Mapping[str, Any]) -> int | None:
    """``access_token_lifetime_seconds``; None where omitted. Raises InvalidClientMetadata."""
    seconds = number(metadata, "access_token_lifetime_seconds")
    check_lifetime(seconds)
    return seconds
