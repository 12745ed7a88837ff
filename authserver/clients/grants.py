"""What a client may ask for: authentication method, grants, scope, and how its tokens are bound.

RFC 7591 §2 and §2.1, https://www.rfc-editor.org/rfc/rfc7591; RFC 8705 §3.4; RFC 9449 §5.2.
"""

from collections.abc import Collection, Mapping
from typing import Any

from authserver.clients.members import flag, text, texts
from authserver.clients.registered_client import CLIENT_CREDENTIALS, TLS_CLIENT_AUTH
from authserver.clients.syntax import is_scope
from sender_constraint.errors import InvalidClientMetadata
from sender_constraint.rules import enforces, rule

AUTH_METHOD = rule(
    "registration.auth-method",
    "RFC 7591 §2",
    "The client is to authenticate by a method that this server does not support.",
)
GRANT_TYPES = rule(
    "registration.grant-types",
    "RFC 7591 §2",
    "The client is to use a grant that this server does not support.",
)
RESPONSE_TYPES = rule(
    "registration.response-types",
    "RFC 7591 §2.1",
    "The client is to use a response type for which it has no grant.",
)
SCOPE = rule(
    "registration.scope",
    "RFC 7591 §2",
    "The client is to use a scope that this server does not know, or that is malformed.",
)
BOUND_TOKENS = rule(
    "registration.bound-tokens",
    "RFC 8705 §3.4",
    "The client is to get tokens that are not bound to a certificate, outside the demo.",
)
DPOP_BOUND_TOKENS = rule(
    "registration.dpop-bound-tokens",
    "RFC 9449 §5.2",
    "The client is to get tokens bound by DPoP, which this server does not support yet.",
)


@enforces(AUTH_METHOD)
def check_auth_method(method: str | None) -> None:
    """RFC 7591 §2: an omitted method means client_secret_basic, which is refused like any other secret."""
    if method is None:
        raise InvalidClientMetadata(
            AUTH_METHOD,
            "token_endpoint_auth_method is missing, which means client_secret_basic: not supported",
        )
    if method != TLS_CLIENT_AUTH:
        raise InvalidClientMetadata(
            AUTH_METHOD, "token_endpoint_auth_method is not supported: use tls_client_auth", presented=method
        )


@enforces(GRANT_TYPES)
def check_grant_types(grant_types: Collection[str]) -> None:
    """RFC 7591 §2: grants that the token endpoint knows, at least one."""
    if not grant_types or set(grant_types) != {CLIENT_CREDENTIALS}:
        raise InvalidClientMetadata(
            GRANT_TYPES,
            "grant_types holds what is not supported: use client_credentials",
            presented=list(grant_types),
        )


@enforces(RESPONSE_TYPES)
def check_response_types(response_types: Collection[str]) -> None:
    """RFC 7591 §2.1: client_credentials has no response type."""
    if response_types:
        raise InvalidClientMetadata(
            RESPONSE_TYPES, "response_types contradicts grant_types", presented=list(response_types)
        )


@enforces(SCOPE)
def check_scope(scope: str, supported: Collection[str]) -> None:
    """RFC 7591 §2, RFC 6749 §3.3: well-formed, and of values that this server knows."""
    if not is_scope(scope):
        raise InvalidClientMetadata(SCOPE, "scope is malformed", presented=scope)
    if unknown := sorted(set(scope.split(" ")).difference(supported)):
        raise InvalidClientMetadata(
            SCOPE, "scope holds a value that this server does not know", presented=unknown
        )


@enforces(BOUND_TOKENS)
def check_bound_tokens(bound: bool, demo: bool) -> None:
    """RFC 8705 §3.4: tokens are bound; only the demo has a client whose tokens are there to be stolen."""
    if not bound and not demo:
        raise InvalidClientMetadata(
            BOUND_TOKENS, "tls_client_certificate_bound_access_tokens must be true outside the demo"
        )


@enforces(DPOP_BOUND_TOKENS)
def check_dpop_bound_tokens(dpop_bound: bool) -> None:
    """RFC 9449 §5.2: refuse, rather than register a client that trusts in a binding it does not get."""
    if dpop_bound:
        raise InvalidClientMetadata(DPOP_BOUND_TOKENS, "dpop_bound_access_tokens is not supported yet")


def auth_method(metadata: Mapping[str, Any]) -> str:
    """``token_endpoint_auth_method``. Raises InvalidClientMetadata."""
    method = text(metadata, "token_endpoint_auth_method")
    check_auth_method(method)
    return method or TLS_CLIENT_AUTH


def grant_types(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """``grant_types``; where omitted, the server substitutes what it has (RFC 7591 §3.2.1).

    Raises InvalidClientMetadata, also for ``response_types`` that contradict them.
    """
    asked = texts(metadata, "grant_types")
    granted = (CLIENT_CREDENTIALS,) if asked is None else asked
    check_grant_types(granted)
    check_response_types(texts(metadata, "response_types") or ())
    return tuple(dict.fromkeys(granted))


def scope(metadata: Mapping[str, Any], supported: Collection[str]) -> str:
    """``scope``, each value once; where omitted, all that is supported. Raises InvalidClientMetadata."""
    asked = text(metadata, "scope")
    granted = " ".join(supported) if asked is None else asked
    check_scope(granted, supported)
    return " ".join(dict.fromkeys(granted.split(" ")))


def bound_access_tokens(metadata: Mapping[str, Any], demo: bool) -> bool:
    """``tls_client_certificate_bound_access_tokens``. Raises InvalidClientMetadata.

    RFC 8705 §3.4 reads its absence as false; this server substitutes true (RFC 7591 §3.2.1), and says so
    in its answer: a client that wants stealable tokens has to ask for them in words.
    """
    check_dpop_bound_tokens(flag(metadata, "dpop_bound_access_tokens", default=False))
    bound = flag(metadata, "tls_client_certificate_bound_access_tokens", default=True)
    check_bound_tokens(bound, demo)
    return bound
