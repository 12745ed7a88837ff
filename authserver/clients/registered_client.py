"""What the token endpoint knows about a client: its metadata under their registered names.

RFC 7591 §2, RFC 8705 §2.1.2, RFC 9449 §5.2 and OpenID Connect Dynamic Client Registration §2 define the
names, https://www.rfc-editor.org/rfc/rfc7591; those from ``resources`` on are extensions of this server.
"""

from dataclasses import dataclass
from typing import Any

TLS_CLIENT_AUTH = "tls_client_auth"
SELF_SIGNED_TLS_CLIENT_AUTH = "self_signed_tls_client_auth"
PRIVATE_KEY_JWT = "private_key_jwt"
AUTH_METHODS = (TLS_CLIENT_AUTH, SELF_SIGNED_TLS_CLIENT_AUTH, PRIVATE_KEY_JWT)
# RFC 8725 §3.2, FAPI 2.0 Security Profile §5.4: by which a client may sign its assertions.
SIGNING_ALGORITHMS = ("ES256", "PS256", "EdDSA")

JWT_FORMAT = "jwt"
OPAQUE_FORMAT = "opaque"
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

    Of the five ``tls_client_auth_`` names one is there for ``tls_client_auth``, and none for other methods.
    At most one of the two bindings is true. ``token_endpoint_auth_signing_alg`` is empty where any of the
    supported ones will do. At most one of ``jwks`` and ``jwks_uri`` is there. ``scope`` is a list with single
    spaces between (RFC 6749 §3.3). ``access_token_lifetime_seconds`` is None for the server's default.

    assertion_audience_token_endpoint: whether its assertions may name the token endpoint as ``aud``.
    access_token_format: ``jwt`` (RFC 9068) or ``opaque``. profile: ``fapi2``, or empty.
    dpop_nonce_required: whether its proofs carry a nonce, whatever the server's setting says.
    introspects: the resources of which it, being an API, may introspect tokens.
    """

    client_id: str
    client_name: str
    token_endpoint_auth_method: str
    tls_client_auth_subject_dn: str
    tls_client_auth_san_dns: str
    tls_client_auth_san_uri: str
    tls_client_auth_san_ip: str
    tls_client_auth_san_email: str
    token_endpoint_auth_signing_alg: str
    assertion_audience_token_endpoint: bool
    tls_client_certificate_bound_access_tokens: bool
    dpop_bound_access_tokens: bool
    grant_types: tuple[str, ...]
    scope: str
    jwks: dict[str, Any] | None
    jwks_uri: str
    resources: tuple[str, ...]
    default_resource: str
    access_token_lifetime_seconds: int | None
    access_token_format: str
    profile: str
    dpop_nonce_required: bool
    introspects: tuple[str, ...]
