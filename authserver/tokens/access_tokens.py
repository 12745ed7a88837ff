"""JSON Web Token (JWT) Profile for OAuth 2.0 Access Tokens, bound to a certificate or to a key.

RFC 9068 §2, https://www.rfc-editor.org/rfc/rfc9068; RFC 8705 §3.1, https://www.rfc-editor.org/rfc/rfc8705.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

from authserver.clients.registered_client import RegisteredClient
from authserver.keys.signing_keys import ALGORITHM, SigningKey
from sender_constraint.core.certificate_checks import VerifiedCertificate
from sender_constraint.core.confirmation import JKT, X5T_S256, Confirmation
from sender_constraint.core.errors import UnauthorizedClient
from sender_constraint.core.rules import enforces, rule

BEARER, DPOP = "Bearer", "DPoP"

BOUND = rule("issuing.bound", "RFC 8705 §3", "Unbound tokens are issued only in the demo.").explained(
    "a client whose tokens are bound to its certificate or its DPoP key",
    "a client registered for unbound tokens, which only the demo issues",
    "Have the bank register the client with tls_client_certificate_bound_access_tokens, or for DPoP.",
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
    """What was decided: this client gets a token, bound in this way, for this audience and scope.

    certificate: verified for its role: by it the client authenticated, or to it the token is bound;
        None where there is no such certificate.
    confirmation: None where the token is bound to nothing.
    """

    client: RegisteredClient
    certificate: VerifiedCertificate | None
    confirmation: Confirmation | None
    audience: str
    scope: str


@enforces(BOUND)
def check_bound(confirmation: Confirmation | None, demo: bool) -> None:
    """RFC 8705 §3: tokens are bound, whatever the register says, unless this is the demo."""
    if confirmation is None and not demo:
        raise UnauthorizedClient(BOUND, "Unbound tokens are not issued")


def claims_of(grant: Grant, policy: IssuingPolicy, now: datetime) -> dict[str, Any]:
    """The claims of RFC 9068 §2.2, with ``cnf`` (RFC 7800 §3.1) unless the token is bound to nothing.

    Times are whole seconds since 1970. A token that is bound to a certificate ends with it, if not before:
    nobody could prove possession of an expired one. Raises UnauthorizedClient.
    """
    check_bound(grant.confirmation, policy.demo)
    issued_at = int(now.timestamp())
    lifetime = grant.client.access_token_lifetime_seconds or policy.lifetime_seconds
    claims: dict[str, Any] = {
        "iss": policy.issuer,
        "sub": grant.client.client_id,
        "aud": grant.audience,
        "exp": _end(grant, issued_at + lifetime),
        "iat": issued_at,
        "jti": secrets.token_urlsafe(16),
        "client_id": grant.client.client_id,
        "scope": grant.scope,
    }
    if grant.confirmation is not None:
        claims["cnf"] = {grant.confirmation.method: grant.confirmation.thumbprint}
    return claims


def _end(grant: Grant, wanted: int) -> int:
    bound_to_certificate = grant.confirmation is not None and grant.confirmation.method == X5T_S256
    if grant.certificate is None or not bound_to_certificate:
        return wanted
    return min(wanted, int(grant.certificate.certificate.not_valid_after_utc.timestamp()))


def token_type(confirmation: Confirmation | None) -> str:
    """RFC 9449 §5: DPoP, where the token is bound to a DPoP key. RFC 8705 §3 has no name of its own."""
    return DPOP if confirmation is not None and confirmation.method == JKT else BEARER


def signed(claims: dict[str, Any], key: SigningKey) -> str:
    """The access token: a JWS in compact form with ``typ`` at+jwt (RFC 9068 §2.1)."""
    return jwt.encode(claims, key.private_key, ALGORITHM, headers={"typ": "at+jwt", "kid": key.kid})
