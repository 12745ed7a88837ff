"""Verification of a JWT access token.

RFC 9068, JSON Web Token Profile for OAuth 2.0 Access Tokens, §2 and §4
(https://www.rfc-editor.org/rfc/rfc9068); RFC 7515, JSON Web Signature, §4 and §5.2
(https://www.rfc-editor.org/rfc/rfc7515); RFC 8725, JWT Best Current Practices, §3
(https://www.rfc-editor.org/rfc/rfc8725). The checks stand in the order of RFC 9068 §4, but for the
signature: it comes before all claims, so that nothing is decided by what nobody signed.

What is *not* checked here: that the sender owns the token (``binding``), scopes, and revocation. Keys and
addresses of keys in the header (``jwk``, ``jku``, ``x5c``, ``x5u``) are ignored: only ``kid`` selects one of
the issuer's keys.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Protocol

import jwt

from sender_constraint.core.confirmation import Confirmation, confirmation_of
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.guidance import ISSUER_ERROR, JSON_OBJECT
from sender_constraint.core.rules import enforces, rule
from sender_constraint.jose.strict_json import parse_object
from sender_constraint.resource_server import claims as claim_checks
from sender_constraint.resource_server import issuer_signatures
from sender_constraint.resource_server.issuer_signatures import IssuerKey
from sender_constraint.resource_server.token_profile import RFC9068, TokenProfile

MAX_TOKEN_CHARACTERS = 8 * 1024
_COMPACT_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

_AS_RECEIVED = "Send the access token exactly as the authorization server issued it."

SIZE = rule("token.size", "RFC 8725 §3", "The token is too long.").explained(
    "at most {expected} characters", "{presented} characters", _AS_RECEIVED
)
COMPACT_FORM = rule(
    "token.compact-form", "RFC 7515 §7.1", "The token is not a JWT of three base64url parts."
).explained(
    "a JWT: {expected} base64url parts separated by dots",
    "{presented} parts, or characters outside base64url",
    _AS_RECEIVED,
)
HEADER = rule(
    "token.header", "RFC 7515 §4", "The header is not a JSON object with unique members."
).explained(JSON_OBJECT, "an invalid header: {problem}", _AS_RECEIVED)
TYPE = rule("token.type", "RFC 9068 §4", "The JWT's typ is not that of an access token.").explained(
    "a token with typ {expected}",
    "typ {presented}",
    "Send the access token, not an ID token or another JWT of the same issuer.",
)
UNSIGNED = rule("token.unsigned", "RFC 9068 §4", "The token is unsigned (alg none).").explained(
    "a token signed by its issuer", "alg {presented}", _AS_RECEIVED
)
ALGORITHM = rule(
    "token.algorithm", "RFC 8725 §3.1", "The signature algorithm is not the expected one."
).explained(
    "a token signed with {expected}",
    "alg {presented}",
    "Send a token of this bank's authorization server, which signs with the expected algorithm.",
)
CRITICAL = rule(
    "token.critical", "RFC 7515 §4.1.11", "The header lists critical parameters (crit)."
).explained("a token without crit", "crit {presented}", ISSUER_ERROR)
KEY_IDENTIFIER = rule("token.key-identifier", "RFC 7515 §4.1.4", "The header has no kid.").explained(
    "a token whose kid is a string", "a kid of type {presented}", ISSUER_ERROR
)
UNKNOWN_KEY = rule(
    "token.unknown-key", "RFC 9068 §4", "The token's kid is not among the issuer's keys."
).explained(
    "a kid that the authorization server publishes at its jwks_uri",
    "kid {presented}",
    "Request a new token from this environment's authorization server; this one is old, or another server's.",
)
SIGNATURE = rule(
    "token.signature", "RFC 9068 §4", "The issuer's key does not verify the signature."
).explained(
    "a signature by the issuer's key over exactly these characters",
    "a signature that the key does not verify ({problem})",
    "Send the token unchanged: it was altered or truncated, or comes from another environment.",
)
PAYLOAD = rule(
    "token.payload", "RFC 7519 §7.2", "The payload is not a JSON object with unique members."
).explained(JSON_OBJECT, "an invalid payload: {problem}", ISSUER_ERROR)


class Keys(Protocol):
    """Where verification keys come from: ``issuer_keys.IssuerKeys``."""

    def key(self, key_identifier: str, algorithm: str) -> IssuerKey | None:
        """The issuer's key of this ``kid`` for this algorithm, or None. Raises KeysUnavailable."""


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """An access token that its issuer signed for this resource and that is in force; not yet its sender's.

    Only ``AccessTokenVerifier`` constructs it. confirmation: None for a bearer token. claims: read-only,
    with the members that have no field of their own.
    """

    issuer: str
    subject: str
    client_id: str
    audience: tuple[str, ...]
    scopes: frozenset[str]
    identifier: str
    issued_at: datetime
    expires_at: datetime
    confirmation: Confirmation | None
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AccessTokenVerifier:
    """Verifies access tokens of one issuer for one resource.

    issuer: compared exactly with ``iss``. audience: this resource's identifier (RFC 8707), one of ``aud``.
    profile: what its tokens look like.
    clock: returns the aware time. leeway_seconds: for how long a token counts after its end.
    future_seconds: how far the issuer's clock may be ahead of this one. It is the larger of the two: callers
    get a new token for one that has ended, and none that is older than new. RFC 7519 §4.1.5 allows a few
    minutes; certificates are backdated by one for the same reason.
    """

    issuer: str
    audience: str
    keys: Keys
    clock: Callable[[], datetime]
    leeway_seconds: float = 5
    future_seconds: float = 45
    profile: TokenProfile = RFC9068

    def verify(self, token: str) -> VerifiedToken:
        """Verify the compact serialization of a token.

        Raises InvalidToken with the rule that refused, or KeysUnavailable where nothing can be said.
        """
        check_size(token)
        check_compact_form(token)
        header = parse_header(token)
        check_type(header, self.profile.media_types)
        check_signed(header)
        check_algorithm(header, self.profile.algorithms)
        check_critical(header)
        check_key_identifier(header)
        key = self.keys.key(header["kid"], header["alg"])
        check_key_known(key, header)
        check_signature(token, key, header["alg"])
        return self.in_force(self.profile.read(parse_payload(token)))

    def in_force(self, claims: dict[str, Any]) -> VerifiedToken:
        """The token with these claims, which its issuer vouches for: by a signature, or when it was asked.

        Raises InvalidToken for another issuer's or resource's, and for one that is not in force now.
        """
        now = self.clock().timestamp()
        claim_checks.check_present(claims)
        claim_checks.check_types(claims)
        claim_checks.check_issuer(claims, self.issuer)
        claim_checks.check_audience(claims, self.audience)
        claim_checks.check_expiry(claims, now, self.leeway_seconds)
        claim_checks.check_not_before(claims, now, self.future_seconds)
        claim_checks.check_issued_at(claims, now, self.future_seconds)
        return VerifiedToken(
            issuer=claims["iss"],
            subject=claims["sub"],
            client_id=claims["client_id"],
            audience=claim_checks.audience_of(claims),
            scopes=frozenset(filter(None, claims.get("scope", "").split(" "))),
            identifier=claims["jti"],
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            confirmation=confirmation_of(claims),
            claims=MappingProxyType(claims),
        )


@enforces(SIZE)
def check_size(token: str) -> None:
    """Checked first: all that follows costs time by the character."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise InvalidToken(
            SIZE, "The access token is too long", expected=MAX_TOKEN_CHARACTERS, presented=len(token)
        )


@enforces(COMPACT_FORM)
def check_compact_form(token: str) -> None:
    """RFC 7515 §7.1: header, payload and signature; not the five parts of an encrypted token."""
    if _COMPACT_FORM.fullmatch(token) is None:
        raise InvalidToken(
            COMPACT_FORM, "The access token is malformed", expected=3, presented=token.count(".") + 1
        )


@enforces(HEADER)
def parse_header(token: str) -> dict[str, Any]:
    """RFC 7515 §4: a JSON object without duplicate members."""
    try:
        return parse_object(_decoded(token.split(".")[0]), maximum_depth=3)
    except ValueError as problem:
        raise InvalidToken(HEADER, "The access token's header is malformed", problem=str(problem)) from None


@enforces(TYPE)
def check_type(header: Mapping[str, Any], types: Sequence[str]) -> None:
    """RFC 9068 §4: ``at+jwt``, so that no other JWT of the issuer is taken for an access token.

    An issuer that does not follow RFC 9068 has other types in its profile.
    Media types are compared without case (RFC 7515 §4.1.9).
    """
    presented = header.get("typ")
    if not isinstance(presented, str) or presented.lower() not in types:
        raise InvalidToken(
            TYPE,
            f"The access token's typ is not {types[0]}",
            expected=types,
            presented=_shown(presented),
        )


@enforces(UNSIGNED)
def check_signed(header: Mapping[str, Any]) -> None:
    """RFC 9068 §4: any token whose ``alg`` is ``none`` is rejected, however its letters are written."""
    presented = header.get("alg")
    if isinstance(presented, str) and presented.lower() == "none":
        raise InvalidToken(UNSIGNED, "The access token is not signed", presented=_shown(presented))


@enforces(ALGORITHM)
def check_algorithm(header: Mapping[str, Any], algorithms: Sequence[str]) -> None:
    """RFC 8725 §3.1, §3.2: the verifier's choice; never a symmetric one with a public key as secret."""
    presented = header.get("alg")
    if presented not in algorithms:
        raise InvalidToken(
            ALGORITHM,
            "The access token's algorithm is not supported",
            expected=tuple(algorithms),
            presented=_shown(presented),
        )


@enforces(CRITICAL)
def check_critical(header: Mapping[str, Any]) -> None:
    """RFC 7515 §4.1.11: what must be understood and is not, invalidates. No extension is known here."""
    if "crit" in header:
        raise InvalidToken(
            CRITICAL,
            "The access token has unsupported critical header parameters",
            presented=_shown(header["crit"]),
        )


@enforces(KEY_IDENTIFIER)
def check_key_identifier(header: Mapping[str, Any]) -> None:
    """RFC 7515 §4.1.4: a string; without it keys would have to be tried in turn."""
    presented = header.get("kid")
    if not isinstance(presented, str) or not presented:
        raise InvalidToken(KEY_IDENTIFIER, "The access token has no kid", presented=type(presented).__name__)


@enforces(UNKNOWN_KEY)
def check_key_known(key: IssuerKey | None, header: Mapping[str, Any]) -> None:
    """RFC 9068 §4: only keys that the authorization server publishes."""
    if key is None:
        raise InvalidToken(
            UNKNOWN_KEY, "The access token's key is unknown", presented=_shown(header.get("kid"))
        )


@enforces(SIGNATURE)
def check_signature(token: str, key: IssuerKey | None, algorithm: str) -> None:
    """RFC 9068 §4, RFC 7515 §5.2: the issuer signed these very characters."""
    try:
        if key is None:
            raise ValueError("there is no key")
        issuer_signatures.verify(token, key, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError) as problem:
        raise InvalidToken(
            SIGNATURE, "The access token's signature is invalid", problem=type(problem).__name__
        ) from None


@enforces(PAYLOAD)
def parse_payload(token: str) -> dict[str, Any]:
    """RFC 7519 §7.2: a JSON object; without duplicate members, so that it has one reading only."""
    try:
        return parse_object(_decoded(token.split(".")[1]))
    except ValueError as problem:
        raise InvalidToken(PAYLOAD, "The access token's payload is malformed", problem=str(problem)) from None


def _decoded(part: str) -> bytes:
    """Base64url without padding (RFC 7515 §2). Raises ValueError unless it is canonical."""
    octets = jwt.utils.base64url_decode(part)
    if jwt.utils.base64url_encode(octets) != part.encode():
        raise ValueError("not canonical base64url")
    return octets


def _shown(value: object) -> str:
    """A presented header member for the audit trail, bounded."""
    return repr(value)[:100]
