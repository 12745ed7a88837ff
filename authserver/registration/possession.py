"""A registration access token of a client that authenticates by TLS counts on its own connections alone.

RFC 7592 §3 makes it a bearer token (https://www.rfc-editor.org/rfc/rfc7592). Here the connection's
certificate must authenticate the client at this very time, as it would at the token endpoint: so the token
outlives each certificate, and is worth nothing to who stole it, or once the last certificate is revoked.
Likewise a software statement counts beside the certificate that it names.
"""

from collections.abc import Callable

from authserver.client_authentication.authenticated import AuthenticatedClient
from authserver.clients.registered_client import PRIVATE_KEY_JWT, RegisteredClient
from sender_constraint.core.errors import InvalidClient, InvalidToken, UnapprovedSoftwareStatement
from sender_constraint.core.rules import enforces, rule

# Next steps that the rules about the tokens and the statements themselves share.
OWN_REGISTRATION = (
    "Present the registration access token that came with the registration, and the client's certificate."
)
OWN_STATEMENT = (
    "Present the certificate that the statement names; send no other name or key with the statement."
)

CERTIFICATE = rule(
    "registration-endpoint.certificate",
    "RFC 7592 §3",
    "The client certificate does not authenticate the token's client.",
).explained(
    "a client certificate that authenticates this client",
    "a certificate refused by {because}",
    OWN_REGISTRATION,
)
STATED_CERTIFICATE = rule(
    "statement.certificate", "RFC 7591 §5", "The client certificate is not the one in the statement."
).explained(
    "a connection with the certificate that the statement names",
    "a certificate refused by {because}",
    OWN_STATEMENT,
)


@enforces(CERTIFICATE)
def check_possession(client: RegisteredClient, authenticate: Callable[[], AuthenticatedClient]) -> None:
    """RFC 7592 §3, RFC 8705 §2: for clients that authenticate by TLS. Raises TemporarilyUnavailable, too."""
    if client.token_endpoint_auth_method == PRIVATE_KEY_JWT:
        return
    try:
        authenticate()
    except InvalidClient as refusal:
        raise InvalidToken(
            CERTIFICATE,
            "The token is not valid for this request",
            because=refusal.rule.identifier,
            **refusal.detail,
        ) from refusal


@enforces(STATED_CERTIFICATE)
def check_stated_certificate(
    client: RegisteredClient, authenticate: Callable[[], AuthenticatedClient]
) -> None:
    """RFC 7591 §5, RFC 8705 §2: for clients that authenticate by TLS. Raises TemporarilyUnavailable, too."""
    if client.token_endpoint_auth_method == PRIVATE_KEY_JWT:
        return
    try:
        authenticate()
    except InvalidClient as refusal:
        raise UnapprovedSoftwareStatement(
            STATED_CERTIFICATE,
            "The client certificate is not the one in the software statement",
            because=refusal.rule.identifier,
            **refusal.detail,
        ) from refusal
