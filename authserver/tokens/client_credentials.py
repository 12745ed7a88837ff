"""The client credentials grant, from a well-formed request to the claims of a token.

RFC 6749 §4.4, https://www.rfc-editor.org/rfc/rfc6749. Values in, value or refusal out; one look into the
register of clients, and only after the certificate is found to be good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from authserver.tokens.access_tokens import Grant
from authserver.tokens.client_authentication import FindClient, credentials_of, identify, verify_presented
from authserver.tokens.grants import check_grant_allowed, check_grant_supported
from authserver.tokens.resources import audience
from authserver.tokens.scopes import granted_scope
from authserver.tokens.token_request import TokenRequest
from sender_constraint.certificate_checks import TrustAnchors
from sender_constraint.revocation import StatusSource


@dataclass(frozen=True, slots=True)
class Connection:
    """What the transport says about the caller.

    certificates: DER, the leaf first, as presented in the handshake.
    authorization: the Authorization header; None where there is none.
    """

    certificates: Sequence[bytes]
    authorization: str | None


def decide(
    request: TokenRequest,
    connection: Connection,
    find_client: FindClient,
    anchors: TrustAnchors,
    status: StatusSource,
    now: datetime,
) -> Grant:
    """Authenticate the client, then authorise what it asks for. Raises a Refusal."""
    credentials = credentials_of(request.form, connection.authorization)
    verified = verify_presented(connection.certificates, credentials, anchors, status, now)
    client = identify(request.client_id, verified, find_client)
    check_grant_supported(request.grant_type)
    check_grant_allowed(request.grant_type, client)
    return Grant(client, verified, audience(request.resources, client), granted_scope(request.scope, client))
