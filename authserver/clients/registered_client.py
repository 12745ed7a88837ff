"""What the token endpoint knows about a client: its metadata under their registered names.

RFC 7591 §2 and RFC 8705 §2.1.2 define the names, https://www.rfc-editor.org/rfc/rfc7591; the last three
are extensions of this server.
"""

from dataclasses import dataclass
from typing import Any

TLS_CLIENT_AUTH = "tls_client_auth"
CLIENT_CREDENTIALS = "client_credentials"

# RFC 8705 §2.1.2: the five forms; a client has exactly one of them.
NAME_MEMBERS = (
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
)


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A client as it was registered; only registration and the register of clients make one.

    The five ``tls_client_auth_`` names are empty but for one. ``scope`` is a list with single spaces
    between (RFC 6749 §3.3). ``access_token_lifetime_seconds`` is None where the server's default holds.
    """

    client_id: str
    client_name: str
    token_endpoint_auth_method: str
    tls_client_auth_subject_dn: str
    tls_client_auth_san_dns: str
    tls_client_auth_san_uri: str
    tls_client_auth_san_ip: str
    tls_client_auth_san_email: str
    tls_client_certificate_bound_access_tokens: bool
    grant_types: tuple[str, ...]
    scope: str
    jwks: dict[str, Any] | None
    resources: tuple[str, ...]
    default_resource: str
    access_token_lifetime_seconds: int | None
