"""OAuth 2.0 Protected Resource Metadata: what a client needs to know before its first call.

RFC 9728 §2, https://www.rfc-editor.org/rfc/rfc9728. Not here: signed metadata (§2.2), keys of the resource,
which has none.
"""

from collections.abc import Iterable
from typing import Any

from sender_constraint.jose.jws import ALGORITHMS


def resource_metadata(
    resource: str, issuer: str, *, name: str, scopes: Iterable[str], dpop: bool = True
) -> dict[str, Any]:
    """The metadata of an API.

    resource, issuer: their identifiers, from the settings, never from a request. name: for people.
    scopes: of its routes (RFC 6749 §3.3). dpop: whether it accepts DPoP-bound tokens.
    """
    document: dict[str, Any] = {
        "resource": resource,
        "resource_name": name,
        "authorization_servers": [issuer],
        "scopes_supported": list(scopes),
        # RFC 6750 §2.1 alone: a token in a form or a query string is refused.
        "bearer_methods_supported": ["header"],
        # RFC 8705 §3: a token is its certificate's, or is refused.
        "tls_client_certificate_bound_access_tokens": True,
    }
    if dpop:
        # RFC 9449 §7.1: or its key's.
        document["dpop_signing_alg_values_supported"] = list(ALGORITHMS)
    return document
