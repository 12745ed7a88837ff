"""OAuth 2.0 Authorization Server Metadata: what clients and APIs need to know, in one document.

RFC 8414 §2, https://www.rfc-editor.org/rfc/rfc8414; RFC 8705 §3.3 and §5; RFC 9728 §4.
"""

from collections.abc import Sequence
from typing import Any

from authserver.clients.registered_client import TLS_CLIENT_AUTH
from authserver.tokens.grants import GRANT_TYPES_SUPPORTED

TOKEN_PATH = "/token"  # noqa: S105  # a path
JWKS_PATH = "/jwks"


def server_metadata(issuer: str, scopes: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    """The metadata of this server. issuer: an origin, from the settings, never from a request.

    resources: the identifiers of the APIs for which it issues tokens.
    """
    token_endpoint = issuer + TOKEN_PATH
    return {
        "issuer": issuer,
        "token_endpoint": token_endpoint,
        "jwks_uri": issuer + JWKS_PATH,
        "scopes_supported": list(scopes),
        # REQUIRED by §2, though §3.2 says to omit empty lists: readers insist on the former.
        "response_types_supported": [],
        "grant_types_supported": list(GRANT_TYPES_SUPPORTED),
        "token_endpoint_auth_methods_supported": [TLS_CLIENT_AUTH],
        "tls_client_certificate_bound_access_tokens": True,
        # RFC 8705 §5: equal to the above, and there for clients that look nowhere else.
        "mtls_endpoint_aliases": {"token_endpoint": token_endpoint},
        # RFC 9728 §4: each of them names this server in its own metadata.
        "protected_resources": list(resources),
    }
