"""Whether a client may revoke a token.

RFC 7009, OAuth 2.0 Token Revocation, §2.1 and §2.2 (https://www.rfc-editor.org/rfc/rfc7009). A token that
is unknown is no error; another client's is answered the same, so that nobody learns that it exists.
"""

import re

from authserver.clients.registered_client import RegisteredClient
from authserver.issued_tokens.models import IssuedToken
from sender_constraint.core.errors import Refusal, UnsupportedTokenType
from sender_constraint.core.rules import enforces, rule
from sender_constraint.jose import jws

TOKEN_TYPE = rule(
    "token-revocation.type", "RFC 7009 §2.2.1", "The token to revoke is not an access token."
).explained(
    "an access token",
    "a JWT of type {presented}",
    "Send the access token; no other tokens can be revoked here.",
)
ISSUED = rule("token-revocation.issued", "RFC 7009 §2.2", "This server did not issue the token.").explained(
    "a token issued by this server",
    "another token, or part of one",
    "Nothing has to be done: no API accepts a token that was not issued.",
)
OWN = rule("token-revocation.own", "RFC 7009 §2.1", "The token belongs to another client.").explained(
    "a token of the client {expected}",
    "the client {presented}",
    "Have the token's own client revoke it, or the bank.",
)

# RFC 8725 §3.11: an explicit type, as status lists, introspection answers and DPoP proofs have.
_EXPLICIT = re.compile(r"\+jwt$", re.IGNORECASE)
_ACCESS_TOKEN = ("at+jwt", "application/at+jwt")


class NotRevoked(Refusal):
    """Nothing is revoked, and the answer is 200 all the same (RFC 7009 §2.2)."""

    code = "not_revoked"
    default_status = 200


@enforces(TOKEN_TYPE)
def check_token_type(token: str) -> None:
    """RFC 7009 §2.2.1: unsupported_token_type, for what says itself that it is no access token.

    Of a plain ``JWT`` nobody knows what it is: it is unknown like anything else.
    """
    presented = _type_of(token)
    if presented is not None and _EXPLICIT.search(presented) and presented.lower() not in _ACCESS_TOKEN:
        raise UnsupportedTokenType(
            TOKEN_TYPE, "Only access tokens can be revoked", expected="at+jwt", presented=presented[:100]
        )


@enforces(ISSUED)
def check_issued(issued: IssuedToken | None) -> None:
    """RFC 7009 §2.2: an invalid token is answered like one that is revoked now: it is worth nothing."""
    if issued is None:
        raise NotRevoked(ISSUED, "The token is unknown")


@enforces(OWN)
def check_own(client: RegisteredClient, issued: IssuedToken | None) -> None:
    """RFC 7009 §2.1: the token was issued to the client that wants it revoked."""
    if issued is not None and issued.client_id != client.client_id:
        raise NotRevoked(
            OWN,
            "The token belongs to another client",
            jti=issued.jti,
            expected=issued.client_id,
            presented=client.client_id,
        )


def _type_of(token: str) -> str | None:
    """``typ`` in the header of a JWT; None for anything else."""
    if not jws.is_compact(token):
        return None
    try:
        presented = jws.header_of(token).get("typ")
    except ValueError:
        return None
    return presented if isinstance(presented, str) else None
