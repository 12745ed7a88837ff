"""What is said about a token, as JSON and as a signed JWT.

RFC 7662 §2.2 (https://www.rfc-editor.org/rfc/rfc7662); ``cnf`` as RFC 8705 §3.2 and RFC 9449 §6.2 have it.
RFC 9701, JSON Web Token Response for OAuth Token Introspection, §4 and §5
(https://www.rfc-editor.org/rfc/rfc9701). Not here: encrypted answers.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from authserver.clients.registered_client import RegisteredClient
from authserver.introspection.access import (
    check_concerns,
    check_in_force,
    check_issued,
    check_key_published,
    check_not_revoked,
)
from authserver.issued_tokens.models import IssuedToken
from authserver.keys.signing_keys import SigningKey
from sender_constraint.jose import jws

INACTIVE: dict[str, Any] = {"active": False}
SIGNED_TYPE = "token-introspection+jwt"
SIGNED_MEDIA_TYPE = f"application/{SIGNED_TYPE}"

# RFC 9449 §6.1.
_JKT = "jkt"
_SHOWN = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "cnf")


def answer_about(
    token: str, issued: IssuedToken | None, caller: RegisteredClient, keys: Collection[str], now: datetime
) -> dict[str, Any]:
    """The members about an active token that concerns the caller. Raises NotShown.

    issued: its record, found by the digest of these very characters, so that those of a JWT are its
        issuer's. keys: the identifiers of those that are published. now: aware.
    """
    # What does not concern the caller is not read on: that takes as long as with an unknown token.
    check_issued(issued)
    if issued is None:
        return INACTIVE
    check_concerns(caller, issued)
    header, claims = _parts(token, issued)
    check_key_published(header.get("kid"), keys)
    check_in_force(issued, now)
    check_not_revoked(issued)
    shown = {name: claims[name] for name in _SHOWN if name in claims}
    # RFC 9449 §6.2; a certificate-bound token keeps the name of its scheme (RFC 8705 §3.2).
    return {"active": True, "token_type": "DPoP" if _JKT in shown.get("cnf", {}) else "Bearer", **shown}


def signed_answer(
    answer: dict[str, Any], caller: RegisteredClient, issuer: str, now: datetime, key: SigningKey
) -> str:
    """The answer as a JWT for this caller (RFC 9701 §5).

    Neither ``sub`` nor ``exp`` stand beside it, so that nobody takes it for an access token (§8.1).
    """
    claims = {
        "iss": issuer,
        "aud": caller.client_id,
        "iat": int(now.timestamp()),
        "token_introspection": answer,
    }
    return jws.sign({"typ": SIGNED_TYPE, "kid": key.kid}, claims, key.private_key)


def _parts(token: str, issued: IssuedToken) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that was issued here."""
    if issued.claims is not None:
        return {}, issued.claims
    return jws.header_of(token), jws.payload_of(token)
