"""The paths of the endpoints: each follows the issuer in metadata, in tokens and in clients' assertions."""

TOKEN_PATH = "/token"  # noqa: S105  # a path
INTROSPECTION_PATH = "/introspect"
REVOCATION_PATH = "/revoke"
REGISTRATION_PATH = "/register"
JWKS_PATH = "/jwks"
STATUS_LISTS_PATH = "/status-lists/"
