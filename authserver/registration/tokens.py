"""The two tokens of registration: the one by which a stranger registers, and the one that a client keeps.

RFC 7591 §3, https://www.rfc-editor.org/rfc/rfc7591; RFC 7592 §3, https://www.rfc-editor.org/rfc/rfc7592.

An initial access token is made by an operator (``manage.py initial_access_token``), for one registration
within its lifetime. This server signs it, and keeps nothing but that it was used, in the transaction that
registers the client. A registration access token
has 256 random bits, and is kept as a hash.
"""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from authserver.registration.possession import OWN_REGISTRATION
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.replay import replay_key
from sender_constraint.core.rules import enforces, rule
from sender_constraint.jose import jws
from sender_constraint.jose.strict_json import parse_object

_INITIAL = "Ask the bank's operator for a new initial access token; each is valid for one registration."

PRESENTED = rule(
    "registration-endpoint.token-missing",
    "RFC 7591 §3",
    "The request has no token in the Authorization header.",
).explained("Authorization: Bearer, and a token", "no such header", _INITIAL)
INITIAL = rule(
    "registration-endpoint.initial-token",
    "RFC 7591 §3",
    "The initial access token is unknown or has expired.",
).explained("a valid initial access token of this server", "another token", _INITIAL)
USED = rule(
    "registration-endpoint.initial-token-used",
    "RFC 7591 §3",
    "The initial access token has already been used.",
).explained("an initial access token that has not been used", "the used token {identifier}", _INITIAL)
REGISTRATION = rule(
    "registration-endpoint.registration-token",
    "RFC 7592 §2",
    "This is not the client's registration access token.",
).explained("the registration access token of this client", "another token", OWN_REGISTRATION)

LONGEST_TOKEN_CHARACTERS = 512
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_DENIED = "The token is not valid for this request"


@dataclass(frozen=True, slots=True)
class InitialToken:
    """A good initial access token.

    identifier: by which it is known to be used. expires_at: seconds since 1970.
    """

    identifier: str
    expires_at: float

    @property
    def use(self) -> tuple[str, float]:
        """Under what its use is recorded, and until when it is valid."""
        return replay_key("initial-access-token", self.identifier), self.expires_at


def new_initial_token(key: bytes, lifetime_seconds: int, now: datetime) -> str:
    """A token for one registration. key: of this server alone."""
    claims = {"jti": secrets.token_urlsafe(16), "exp": int(now.timestamp()) + lifetime_seconds}
    content = jws.encode(json.dumps(claims, separators=(",", ":")).encode())
    return f"{content}.{_signature(content, key)}"


def new_registration_token() -> str:
    """A token that a client keeps: 256 random bits, base64url."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """As what it is kept: SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


@enforces(PRESENTED)
def presented_token(authorization: str | None) -> str:
    """RFC 6750 §2.1: the token in the Authorization header, and from nowhere else."""
    match = _BEARER.fullmatch(authorization or "")
    if match is None or len(match[1]) > LONGEST_TOKEN_CHARACTERS:
        raise InvalidToken(PRESENTED, "A bearer token is required in the Authorization header")
    return match[1]


@enforces(INITIAL)
def check_initial_token(token: str, key: bytes, now: datetime) -> InitialToken:
    """RFC 7591 §3: made by this server, and in force."""
    content, _, signature = token.partition(".")
    if hmac.compare_digest(_signature(content, key).encode(), signature.encode()):
        claims = parse_object(jws.decode(content))
        if now.timestamp() < claims["exp"]:
            return InitialToken(claims["jti"], claims["exp"])
    raise InvalidToken(INITIAL, _DENIED)


@enforces(USED)
def check_unused(token: InitialToken, *, first: bool) -> None:
    """RFC 7591 §3: one registration each. first: whether its use was not on record."""
    if not first:
        raise InvalidToken(USED, _DENIED, identifier=token.identifier)


@enforces(REGISTRATION)
def check_registration_token(token: str, expected: str | None) -> None:
    """RFC 7592 §2: this client's own; an unknown client and a wrong token are one answer.

    expected: its digest; empty or None where nobody has one.
    """
    if not hmac.compare_digest(digest(token), expected or ""):
        raise InvalidToken(REGISTRATION, _DENIED)


def _signature(content: str, key: bytes) -> str:
    return jws.encode(hmac.new(key, content.encode(), hashlib.sha256).digest())
