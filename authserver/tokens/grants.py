"""The grants of the token endpoint: client credentials (RFC 6749 §4.4, https://www.rfc-editor.org/rfc/rfc6749)."""

from authserver.clients.registered_client import CLIENT_CREDENTIALS, RegisteredClient
from sender_constraint.core.errors import UnauthorizedClient, UnsupportedGrantType
from sender_constraint.core.rules import enforces, rule

GRANT_TYPES_SUPPORTED = (CLIENT_CREDENTIALS,)

REGISTER = "Request what the client is registered for, or have the bank change the registration."

GRANT_SUPPORTED = rule("grant.supported", "RFC 6749 §5.2", "The grant type is not supported.").explained(
    "{expected}", "{presented}", "Request the token with grant_type=client_credentials."
)
GRANT_ALLOWED = rule(
    "grant.allowed", "RFC 6749 §5.2", "The client is not registered for this grant type."
).explained("one of the client's grants: {expected}", "{presented}", REGISTER)


@enforces(GRANT_SUPPORTED)
def check_grant_supported(grant_type: str) -> None:
    """RFC 6749 §5.2: unsupported_grant_type."""
    if grant_type not in GRANT_TYPES_SUPPORTED:
        raise UnsupportedGrantType(
            GRANT_SUPPORTED,
            "The grant type is not supported",
            expected=list(GRANT_TYPES_SUPPORTED),
            presented=grant_type[:200],
        )


@enforces(GRANT_ALLOWED)
def check_grant_allowed(grant_type: str, client: RegisteredClient) -> None:
    """RFC 6749 §5.2: unauthorized_client."""
    if grant_type not in client.grant_types:
        raise UnauthorizedClient(
            GRANT_ALLOWED,
            "The client is not registered for this grant type",
            expected=list(client.grant_types),
            presented=grant_type,
        )
