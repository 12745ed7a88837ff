"""What a client may ask for: authentication method, grants and scope.

RFC 7591 §2 and §2.1, https://www.rfc-editor.org/rfc/rfc7591.
"""

from collections.abc import Collection, Mapping
from typing import Any

from authserver.clients.members import metadata_rule, text, texts
from authserver.clients.registered_client import (
    AUTH_METHODS,
    CLIENT_CREDENTIALS,
    PRIVATE_KEY_JWT,
    SIGNING_ALGORITHMS,
    TLS_CLIENT_AUTH,
)
from authserver.clients.syntax import is_scope
from sender_constraint.core.errors import InvalidClientMetadata
from sender_constraint.core.rules import enforces

AUTH_METHOD = metadata_rule(
    "registration.auth-method", "RFC 7591 §2", "The client authentication method is not supported."
)
GRANT_TYPES = metadata_rule("registration.grant-types", "RFC 7591 §2", "A grant type is not supported.")
RESPONSE_TYPES = metadata_rule(
    "registration.response-types",
    "RFC 7591 §2.1",
    "A response type needs a grant that the client does not have.",
)
SCOPE = metadata_rule(
    "registration.scope", "RFC 7591 §2", "The scope is malformed, or has values that are not supported."
)
SIGNING_ALGORITHM = metadata_rule(
    "registration.signing-alg", "RFC 8725 §3.2", "The assertion signing algorithm is not supported."
)
SIGNING_FOR_METHOD = metadata_rule(
    "registration.signing-alg-for-method",
    "RFC 7591 §2",
    "An assertion algorithm is registered without private_key_jwt.",
)


@enforces(AUTH_METHOD)
def check_auth_method(method: str | None) -> None:
    """RFC 7591 §2: an omitted method means client_secret_basic, which is refused like any other secret."""
    if method is None:
        raise InvalidClientMetadata(
            AUTH_METHOD,
            "token_endpoint_auth_method is missing; its default, client_secret_basic, is not supported",
        )
    if method not in AUTH_METHODS:
        raise InvalidClientMetadata(
            AUTH_METHOD,
            f"token_endpoint_auth_method is not supported: use {', '.join(AUTH_METHODS)}",
            expected=list(AUTH_METHODS),
            presented=method[:200],
        )


@enforces(SIGNING_ALGORITHM)
def check_signing_algorithm(algorithm: str | None) -> None:
    """RFC 8725 §3.2: asymmetric algorithms that are current; not RS256 (FAPI 2.0 §5.4), no secret's."""
    if algorithm is not None and algorithm not in SIGNING_ALGORITHMS:
        raise InvalidClientMetadata(
            SIGNING_ALGORITHM,
            f"token_endpoint_auth_signing_alg is not supported: use {', '.join(SIGNING_ALGORITHMS)}",
            expected=list(SIGNING_ALGORITHMS),
            presented=algorithm[:200],
        )


@enforces(SIGNING_FOR_METHOD)
def check_signing_for_method(algorithm: str | None, method: str) -> None:
    """RFC 7591 §2: a client that authenticates by its certificate signs no assertion."""
    if algorithm is not None and method != PRIVATE_KEY_JWT:
        raise InvalidClientMetadata(
            SIGNING_FOR_METHOD,
            f"token_endpoint_auth_signing_alg contradicts token_endpoint_auth_method {method}",
        )


@enforces(GRANT_TYPES)
def check_grant_types(grant_types: Collection[str], introspects: Collection[str] = ()) -> None:
    """RFC 7591 §2: grants that the token endpoint knows, at least one; an API has none."""
    if set(grant_types).difference({CLIENT_CREDENTIALS}) or not (grant_types or introspects):
        raise InvalidClientMetadata(
            GRANT_TYPES,
            "grant_types contains an unsupported grant: use client_credentials",
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
        raise InvalidClientMetadata(SCOPE, "scope contains an unknown value", presented=unknown)


def auth_method(metadata: Mapping[str, Any]) -> str:
    """``token_endpoint_auth_method``. Raises InvalidClientMetadata."""
    method = text(metadata, "token_endpoint_auth_method")
    check_auth_method(method)
    return method or TLS_CLIENT_AUTH


def signing_algorithm(metadata: Mapping[str, Any], method: str) -> str:
    """``token_endpoint_auth_signing_alg``; empty where omitted. Raises InvalidClientMetadata."""
    algorithm = text(metadata, "token_endpoint_auth_signing_alg")
    check_signing_algorithm(algorithm)
    check_signing_for_method(algorithm, method)
    return algorithm or ""


def grant_types(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """``grant_types``; where omitted, the server substitutes what it has (RFC 7591 §3.2.1).

    Raises InvalidClientMetadata, also for ``response_types`` that contradict them.
    """
    asked = texts(metadata, "grant_types")
    granted = (CLIENT_CREDENTIALS,) if asked is None else asked
    check_grant_types(granted, texts(metadata, "introspects") or ())
    check_response_types(texts(metadata, "response_types") or ())
    return tuple(dict.fromkeys(granted))


def scope(metadata: Mapping[str, Any], supported: Collection[str]) -> str:
    """``scope``, each value once; where omitted, all that is supported. Raises InvalidClientMetadata."""
    asked = text(metadata, "scope")
    granted = " ".join(supported) if asked is None else asked
    check_scope(granted, supported)
    return " ".join(dict.fromkeys(granted.split(" ")))
