"""OAuth 2.0 Authorization Server Metadata: what clients and APIs need to know, in one document.

RFC 8414 §2, https://www.rfc-editor.org/rfc/rfc8414; RFC 8705 §3.3 and §5; RFC 9449 §5.1;
RFC 9701 §7; RFC 9728 §4.
"""

from collections.abc import Sequence
from typing import Any

from authserver.clients.registered_client import AUTH_METHODS, SIGNING_ALGORITHMS
from authserver.endpoints.paths import (
    INTROSPECTION_PATH,
    JWKS_PATH,
    REGISTRATION_PATH,
    REVOCATION_PATH,
    TOKEN_PATH,
)
from authserver.keys.signing_keys import ALGORITHM
from authserver.tokens.grants import GRANT_TYPES_SUPPORTED
from sender_constraint.jose.jws import ALGORITHMS


def server_metadata(issuer: str, scopes: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    """The metadata of this server. issuer: an origin, from the settings, never from a request.

    resources: the identifiers of the APIs for which it issues tokens.
    """
    endpoints = {
        "token_endpoint": issuer + TOKEN_PATH,
        "introspection_endpoint": issuer + INTROSPECTION_PATH,
        "revocation_endpoint": issuer + REVOCATION_PATH,
    }
    return {
        "issuer": issuer,
        **endpoints,
        "registration_endpoint": issuer + REGISTRATION_PATH,
        "jwks_uri": issuer + JWKS_PATH,
        "scopes_supported": list(scopes),
        # REQUIRED by §2, though §3.2 says to omit empty lists: readers insist on the former.
        "response_types_supported": [],
        "grant_types_supported": list(GRANT_TYPES_SUPPORTED),
        # One way to authenticate at all of them (RFC 7009 §2, RFC 7662 §2.1).
        **{f"{endpoint}_auth_methods_supported": list(AUTH_METHODS) for endpoint in endpoints},
        **{
            f"{endpoint}_auth_signing_alg_values_supported": list(SIGNING_ALGORITHMS)
            for endpoint in endpoints
        },
        # RFC 9701 §7.
        "introspection_signing_alg_values_supported": [ALGORITHM],
        # RFC 9449 §5.1.
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": True,
        # RFC 8705 §5: equal to the above, and there for clients that look nowhere else.
        "mtls_endpoint_aliases": endpoints,
        # RFC 9728 §4: each of them names this server in its own metadata.
        "protected_resources": list(resources),
    }
