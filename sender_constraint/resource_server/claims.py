"""Checks of an access token's claims.

RFC 9068 §2.2 and §4 (https://www.rfc-editor.org/rfc/rfc9068), RFC 7519 §4.1
(https://www.rfc-editor.org/rfc/rfc7519). Each takes claims whose signature was verified. Times are
NumericDate: seconds since the epoch, UTC, which may have a fraction.
"""

from collections.abc import Mapping
from typing import Any

from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.guidance import ISSUER_ERROR, Comparison
from sender_constraint.core.rules import enforces, rule

REQUIRED = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")
_STRINGS = ("iss", "sub", "client_id", "jti")
_TIMES = ("exp", "iat", "nbf")
# The last second that datetime can hold, 9999-12-31T23:59:59Z; numbers beyond it mean no time.
_LAST_SECOND = 253402300799

MISSING = rule("token.claim-missing", "RFC 9068 §2.2", "A required claim is missing.").explained(
    "iss, exp, aud, sub, client_id, iat and jti", "a token without {missing}", ISSUER_ERROR
)
WRONG_TYPE = rule("token.claim-type", "RFC 7519 §4.1", "A claim has the wrong type.").explained(
    "each claim of the type that RFC 7519 and RFC 9068 define",
    "another type or value in {malformed}",
    ISSUER_ERROR,
)
ISSUER = rule("token.issuer", "RFC 9068 §4", "The token was issued by another server.").explained(
    "a token of the issuer {expected}",
    "a token of {presented}",
    "Request the token from this bank's authorization server; its metadata names the issuer.",
    compare=Comparison.TEXT,
)
AUDIENCE = rule("token.audience", "RFC 9068 §4", "The token is intended for another resource.").explained(
    "a token for {expected}",
    "a token for {presented}",
    "Request a token with resource set to this API's identifier, character by character.",
    compare=Comparison.TEXT,
)
EXPIRED = rule("token.expired", "RFC 9068 §4", "The token has expired.").explained(
    "a token that has not expired",
    "an expired token",
    "Request a new token before expires_in elapses, and check the clock.",
    compare=Comparison.EXPIRY,
)
NOT_YET_VALID = rule("token.not-yet-valid", "RFC 7519 §4.1.5", "The token is not yet valid.").explained(
    "a token that is valid now", "a token that is not yet valid", compare=Comparison.START
)
ISSUED_IN_FUTURE = rule(
    "token.issued-in-future", "RFC 7519 §4.1.6", "The token's iat is in the future."
).explained("a token issued in the past", "a token issued in the future", compare=Comparison.START)


@enforces(MISSING)
def check_present(claims: Mapping[str, Any]) -> None:
    """RFC 9068 §2.2: seven claims are required."""
    missing = [name for name in REQUIRED if name not in claims]
    if missing:
        raise InvalidToken(MISSING, "The access token lacks a required claim", missing=missing)


@enforces(WRONG_TYPE)
def check_types(claims: Mapping[str, Any]) -> None:
    """RFC 7519 §4.1 and RFC 9068 §2.2: strings, times, one audience or several; a boolean is no number."""
    wrong = [name for name in _STRINGS if not _is_text(claims.get(name))]
    wrong += [name for name in _TIMES if name in claims and not _is_time(claims[name])]
    if not audience_of(claims):
        wrong.append("aud")
    if not isinstance(claims.get("scope", ""), str):
        wrong.append("scope")
    if wrong:
        raise InvalidToken(WRONG_TYPE, "A claim of the access token is malformed", malformed=wrong)


@enforces(ISSUER)
def check_issuer(claims: Mapping[str, Any], issuer: str) -> None:
    """RFC 9068 §4: exactly the authorization server whose keys verified the token."""
    if claims["iss"] != issuer:
        raise InvalidToken(
            ISSUER, "The access token was issued by another server", expected=issuer, presented=claims["iss"]
        )


@enforces(AUDIENCE)
def check_audience(claims: Mapping[str, Any], audience: str) -> None:
    """RFC 9068 §4: this resource is among those that the token is for, compared exactly."""
    presented = audience_of(claims)
    if audience not in presented:
        raise InvalidToken(
            AUDIENCE,
            "The access token is intended for another resource",
            expected=audience,
            presented=presented,
        )


@enforces(EXPIRED)
def check_expiry(claims: Mapping[str, Any], now: float, leeway_seconds: float) -> None:
    """RFC 9068 §4: now is before ``exp``; at ``exp`` plus leeway it is not."""
    if now >= claims["exp"] + leeway_seconds:
        raise InvalidToken(
            EXPIRED,
            "The access token has expired",
            expired_at=claims["exp"],
            now=now,
            leeway_seconds=leeway_seconds,
        )


@enforces(NOT_YET_VALID)
def check_not_before(claims: Mapping[str, Any], now: float, leeway_seconds: float) -> None:
    """RFC 7519 §4.1.5: now is at or after ``nbf``, where there is one."""
    not_before = claims.get("nbf")
    if not_before is not None and now < not_before - leeway_seconds:
        raise InvalidToken(
            NOT_YET_VALID,
            "The access token is not yet valid",
            not_before=not_before,
            now=now,
            leeway_seconds=leeway_seconds,
        )


@enforces(ISSUED_IN_FUTURE)
def check_issued_at(claims: Mapping[str, Any], now: float, leeway_seconds: float) -> None:
    """RFC 7519 §4.1.6: a token from the future tells of a clock that is wrong, or of a forger's."""
    if claims["iat"] > now + leeway_seconds:
        raise InvalidToken(
            ISSUED_IN_FUTURE,
            "The access token's iat is in the future",
            issued_at=claims["iat"],
            now=now,
            leeway_seconds=leeway_seconds,
        )


def audience_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """RFC 7519 §4.1.3: one string or a list of them; empty if ``aud`` is neither."""
    presented = claims.get("aud")
    audience = [presented] if isinstance(presented, str) else presented
    if not isinstance(audience, list) or not all(_is_text(each) for each in audience):
        return ()
    return tuple(audience)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LAST_SECOND
