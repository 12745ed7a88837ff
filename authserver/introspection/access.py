"""Whether a token is shown to a caller, or said to be inactive.

RFC 7662, OAuth 2.0 Token Introspection, §2.2 and §4 (https://www.rfc-editor.org/rfc/rfc7662): a caller
learns about the tokens that concern it, and of all others not even that they exist. So each of these
refusals is the same answer; why is in the audit trail alone.
"""

from collections.abc import Collection
from datetime import datetime

from authserver.clients.registered_client import RegisteredClient
from authserver.issued_tokens.models import IssuedToken
from sender_constraint.core.errors import Refusal
from sender_constraint.core.guidance import REQUEST_NEW_ONE
from sender_constraint.core.rules import enforces, rule

_OWN = "Send a token that was issued to this client; an API may also ask about tokens issued for it."

ISSUED = rule("introspection.issued", "RFC 7662 §2.2", "This server did not issue the token.").explained(
    "a token issued by this server", "another token, or part of one", _OWN
)
KEY_PUBLISHED = rule(
    "introspection.key", "RFC 7662 §2.2", "The key that signed the token has been withdrawn."
).explained("a token signed with a published key", "kid {presented}, since withdrawn", REQUEST_NEW_ONE)
IN_FORCE = rule("introspection.expired", "RFC 7662 §2.2", "The token has expired.").explained(
    "a token that has not expired", "a token that expired at {expired_at}", REQUEST_NEW_ONE
)
NOT_REVOKED = rule("introspection.revoked", "RFC 7662 §2.2", "The token has been revoked.").explained(
    "a token that has not been revoked", "a token that was revoked at {revoked_at}", REQUEST_NEW_ONE
)
CONCERNS = rule(
    "introspection.concerns", "RFC 7662 §4", "The caller is neither the token's client nor its audience."
).explained("a token of {expected}", "{presented}", _OWN)


class NotShown(Refusal):
    """The answer is ``{"active": false}``, whatever the reason (RFC 7662 §2.2)."""

    code = "inactive"
    default_status = 200


@enforces(ISSUED)
def check_issued(issued: IssuedToken | None) -> None:
    """RFC 7662 §2.2: issued by this server."""
    if issued is None:
        raise NotShown(ISSUED, "The token is unknown")


@enforces(CONCERNS)
def check_concerns(caller: RegisteredClient, issued: IssuedToken) -> None:
    """RFC 7662 §4: an API learns about the tokens for its own resource, a client about its own tokens."""
    if issued.client_id != caller.client_id and issued.audience not in caller.introspects:
        raise NotShown(
            CONCERNS,
            "The token is neither the caller's nor for it",
            jti=issued.jti,
            expected=[issued.client_id, issued.audience],
            presented=[caller.client_id, *caller.introspects],
        )


@enforces(KEY_PUBLISHED)
def check_key_published(key_identifier: str | None, published: Collection[str]) -> None:
    """RFC 7662 §2.2: a JWT by a key that every API would still take. An opaque token has none."""
    if key_identifier is not None and key_identifier not in published:
        raise NotShown(KEY_PUBLISHED, "The token's key has been withdrawn", presented=key_identifier)


@enforces(IN_FORCE)
def check_in_force(issued: IssuedToken, now: datetime) -> None:
    """RFC 7662 §2.2: within its time. now: aware."""
    if now >= issued.expires_at:
        raise NotShown(
            IN_FORCE, "The token has expired", jti=issued.jti, expired_at=issued.expires_at.isoformat()
        )


@enforces(NOT_REVOKED)
def check_not_revoked(issued: IssuedToken) -> None:
    """RFC 7662 §2.2: not revoked."""
    if issued.revoked_at is not None:
        raise NotShown(
            NOT_REVOKED,
            "The token has been revoked",
            jti=issued.jti,
            revoked_at=issued.revoked_at.isoformat(),
        )
