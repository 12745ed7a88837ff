"""JSON Web Token (JWT) Profile for OAuth 2.0 Access Tokens, bound to a certificate.

RFC 9068 §2, https://www.rfc-editor.org/rfc/rfc9068; RFC 8705 §3.1, https://www.rfc-editor.org/rfc/rfc8705.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

from authserver.clients.registered_client import RegisteredClient
from authserver.keys.signing_keys import ALGORITHM, SigningKey
from sender_constraint.certificate_checks import VerifiedCertificate
from sender_constraint.confirmation import X5T_S256
from sender_constraint.errors import UnauthorizedClient
from sender_constraint.rules import enforces, rule

BOUND = rule(
    "issuing.bound",
    "RFC 8705 §3",
    "A token that is not bound to a certificate is asked for outside the demo.",
)


@dataclass(frozen=True, slots=True)
class IssuingPolicy:
    """The server's part in every token.

    issuer: ``iss``. lifetime_seconds: for clients that registered none of their own.
    demo: whether tokens that are not bound may be issued, to clients registered for them.
    """

    issuer: str
    lifetime_seconds: int
    demo: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """What was decided: this client, by this certificate, gets a token for this audience and scope."""

    client: RegisteredClient
    verified: VerifiedCertificate
    audience: str
    scope: str


@enforces(BOUND)
def check_bound(client: RegisteredClient, demo: bool) -> None:
    """RFC 8705 §3: tokens are bound, whatever the register says, unless this is the demo."""
    if not client.tls_client_certificate_bound_access_tokens and not demo:
        raise UnauthorizedClient(BOUND, "Tokens that are not bound to a certificate are not issued here")


def claims_of(grant: Grant, policy: IssuingPolicy, now: datetime) -> dict[str, Any]:
    """The claims of RFC 9068 §2.2, with ``cnf`` (RFC 8705 §3.1) unless the client's tokens are not bound.

    Times are whole seconds since 1970. The token ends with the certificate, if not before: nobody could
    prove possession of an expired one. Raises UnauthorizedClient.
    """
    check_bound(grant.client, policy.demo)
    issued_at = int(now.timestamp())
    lifetime = grant.client.access_token_lifetime_seconds or policy.lifetime_seconds
    end_of_certificate = int(grant.verified.certificate.not_valid_after_utc.timestamp())
    claims: dict[str, Any] = {
        "iss": policy.issuer,
        "sub": grant.client.client_id,
        "aud": grant.audience,
        "exp": min(issued_at + lifetime, end_of_certificate),
        "iat": issued_at,
        "jti": secrets.token_urlsafe(16),
        "client_id": grant.client.client_id,
        "scope": grant.scope,
    }
    if grant.client.tls_client_certificate_bound_access_tokens:
        claims["cnf"] = {X5T_S256: grant.verified.thumbprint}
    return claims


def signed(claims: dict[str, Any], key: SigningKey) -> str:
    """The access token: a JWS in compact form with ``typ`` at+jwt (RFC 9068 §2.1)."""
    return jwt.encode(claims, key.private_key, ALGORITHM, headers={"typ": "at+jwt", "kid": key.kid})
