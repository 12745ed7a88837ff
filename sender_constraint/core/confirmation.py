"""The confirmation claim ``cnf``: whose token this is.

RFC 7800, Proof-of-Possession Key Semantics for JWTs, §3.1 (https://www.rfc-editor.org/rfc/rfc7800) and
RFC 8705 §3.1 (https://www.rfc-editor.org/rfc/rfc8705), RFC 9449 §6.1 for ``jkt``
(https://www.rfc-editor.org/rfc/rfc9449). RFC 7800 lets an application say which members it
requires: here it is exactly one of the registered confirmation methods, so that a token is never bound in
two ways of which one is not proven. Members that are no confirmation method are ignored, as §3.1 demands.
That a token has the claim at all is not checked here, but in ``resource_server.binding``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.guidance import ISSUER_ERROR, Comparison
from sender_constraint.core.rules import enforces, rule
from sender_constraint.core.thumbprints import certificate_thumbprint, is_thumbprint

X5T_S256 = "x5t#S256"
# RFC 9449 §6.1: the thumbprint of a DPoP key.
JKT = "jkt"
_KNOWN_METHODS = (X5T_S256, JKT)
# IANA's registry "JWT Confirmation Methods": what stands beside ours would have to be proven too.
_REGISTERED_METHODS = frozenset((*_KNOWN_METHODS, "jwk", "jwe", "kid", "jku", "osc"))
# Of a value that is no thumbprint: as much as the longest digest takes in any usual spelling.
LONGEST_SHOWN = 200

MALFORMED = rule(
    "confirmation.malformed", "RFC 7800 §3.1", "The cnf claim is not a JSON object with members."
).explained("cnf as a JSON object with one method", "cnf of type {presented}", ISSUER_ERROR)
MORE_THAN_ONE = rule(
    "confirmation.more-than-one", "RFC 7800 §3.1", "The cnf claim has more than one confirmation method."
).explained("one confirmation method in cnf", "{presented}", ISSUER_ERROR)
UNKNOWN = rule(
    "confirmation.unknown", "RFC 7800 §3.1", "The cnf claim has an unsupported confirmation method."
).explained("{expected} in cnf", "{presented}", ISSUER_ERROR)
MALFORMED_THUMBPRINT = rule(
    "confirmation.malformed-thumbprint", "RFC 8705 §3.1", "The cnf claim's value is not a SHA-256 thumbprint."
).explained("{expected}", "another form", ISSUER_ERROR, compare=Comparison.THUMBPRINT_SYNTAX)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How a token's sender proves to be its owner.

    method: the registered member name, ``x5t#S256`` or ``jkt``.
    thumbprint: base64url, unpadded, SHA-256; canonical.
    """

    method: str
    thumbprint: str


def certificate_confirmation(der: bytes) -> dict[str, str]:
    """The value of ``cnf`` that binds a token to this certificate (RFC 8705 §3.1)."""
    return {X5T_S256: certificate_thumbprint(der)}


def key_confirmation(thumbprint: str) -> dict[str, str]:
    """The value of ``cnf`` that binds a token to the key with this thumbprint (RFC 9449 §6.1)."""
    return {JKT: thumbprint}


def confirmation_of(claims: Mapping[str, Any]) -> Confirmation | None:
    """The confirmation in a token's claims; None if there is no ``cnf``. Raises InvalidToken."""
    if "cnf" not in claims:
        return None
    cnf = claims["cnf"]
    check_object(cnf)
    check_single(cnf)
    check_known(cnf)
    check_thumbprint_syntax(cnf)
    method = next(each for each in _KNOWN_METHODS if each in cnf)
    return Confirmation(method, cnf[method])


@enforces(MALFORMED)
def check_object(cnf: object) -> None:
    """RFC 7800 §3.1: ``cnf`` is a JSON object; an empty one confirms nothing."""
    if not isinstance(cnf, Mapping) or not cnf:
        raise InvalidToken(MALFORMED, "The token's cnf claim is malformed", presented=type(cnf).__name__)


@enforces(MORE_THAN_ONE)
def check_single(cnf: Mapping[str, Any]) -> None:
    """Bound means bound: exactly one confirmation, which is the one that is proven."""
    if len(_REGISTERED_METHODS & cnf.keys()) > 1:
        raise InvalidToken(
            MORE_THAN_ONE, "The token's cnf claim has more than one method", presented=sorted(cnf)[:10]
        )


@enforces(UNKNOWN)
def check_known(cnf: Mapping[str, Any]) -> None:
    """RFC 7800 §3.1: a confirmation that is not understood cannot be proven."""
    if not any(method in cnf for method in _KNOWN_METHODS):
        raise InvalidToken(
            UNKNOWN,
            "The token's confirmation method is not supported",
            expected=list(_KNOWN_METHODS),
            presented=sorted(cnf)[:10],
        )


@enforces(MALFORMED_THUMBPRINT)
def check_thumbprint_syntax(cnf: Mapping[str, Any]) -> None:
    """RFC 8705 §3.1: base64url, unpadded, of a SHA-256 digest; only the canonical spelling."""
    values = [cnf[method] for method in _KNOWN_METHODS if method in cnf]
    malformed = [value for value in values if not is_thumbprint(value)]
    if malformed:
        raise InvalidToken(
            MALFORMED_THUMBPRINT,
            "The token's x5t#S256 is not a SHA-256 thumbprint",
            expected="43 characters of canonical base64url",
            presented=str(malformed[0])[:LONGEST_SHOWN],
        )
