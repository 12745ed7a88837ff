"""Software statements: what a scheme's directory vouches for when a client registers.

RFC 7591 §2.3, §3.1.1 and §5 (https://www.rfc-editor.org/rfc/rfc7591); RFC 8725
(https://www.rfc-editor.org/rfc/rfc8725) for the JWT that it is. One directory's statements are taken, and
their values win over those beside them. A statement is no secret and counts any number of times until it
expires: it lets nobody in who does not hold the certificate or the key that it names, and for the same reason
its ``jti`` is not remembered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authserver.client_authentication.assertions import (
    MAX_ASSERTION_CHARACTERS,
    MAX_FUTURE_SECONDS,
    is_time,
    shown,
)
from authserver.clients.client_keys import verification_keys
from authserver.clients.registered_client import NAME_MEMBERS, SIGNING_ALGORITHMS
from authserver.registration.possession import OWN_STATEMENT
from sender_constraint.core.errors import InvalidSoftwareStatement, UnapprovedSoftwareStatement
from sender_constraint.core.rules import enforces, rule
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import PublicJwk

MEMBER = "software_statement"
# RFC 8725 §3.11: RFC 7591 registers no type; our directory says its own.
_TYPES = ("software-statement+jwt", "jwt")
_REQUIRED = ("iss", "iat", "exp", "software_id")
_TEXTS = ("iss", "software_id")
_TIMES = ("iat", "exp", "nbf")
# RFC 7519 §4.1: claims about the statement; all others are client metadata.
_OF_THE_JWT = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti")
# By which a client proves who it is: RFC 8705 §2.1.2, RFC 7591 §2.
_PROVEN = (*NAME_MEMBERS, "jwks", "jwks_uri")

_NEW = "Get a new software statement from the scheme's directory, and send it unchanged."

UNAPPROVED = rule(
    "statement.issuer", "RFC 7591 §2.3", "This server accepts no software statements of this issuer."
).explained(
    "a software statement issued by {expected}",
    "one issued by {presented}",
    "Register with an initial access token.",
)
FORM = rule(
    "statement.form", "RFC 7591 §2.3", "The software statement is not a signed JWT of ordinary size."
).explained("a signed JWT of ordinary size", "an invalid one: {problem}", _NEW)
TYPE = rule(
    "statement.type", "RFC 8725 §3.11", "The JWT's typ is not that of a software statement."
).explained("typ absent, or one of {expected}", "typ {presented}", _NEW)
ALGORITHM = rule(
    "statement.algorithm", "RFC 8725 §3.1", "The statement is unsigned, or its algorithm is not supported."
).explained("a statement signed with one of {expected}", "alg {presented}", _NEW)
CRITICAL = rule(
    "statement.critical", "RFC 7515 §4.1.11", "The header lists critical parameters (crit)."
).explained("a statement without crit", "crit {presented}", _NEW)
CLAIMS = rule("statement.claims", "RFC 7519 §4.1", "A claim is missing, or has the wrong type.").explained(
    "iss, iat, exp and software_id, each of the right type", "{malformed} missing or of another type", _NEW
)
KEY = rule(
    "statement.key", "RFC 7591 §2.3", "The statement's kid is not among the directory's keys."
).explained("one of the directory's keys: {expected}", "kid {presented}", _NEW)
SIGNATURE = rule(
    "statement.signature", "RFC 7591 §2.3", "No key of the directory verifies the signature."
).explained(
    "a signature by the directory's key, with thumbprint {expected}",
    "a signature that it does not verify",
    _NEW,
)
EXPIRED = rule("statement.expired", "RFC 7519 §4.1.4", "The statement has expired.").explained(
    "a statement valid at {now}", "a statement that expired at {expires_at}", _NEW
)
IN_FUTURE = rule("statement.in-future", "RFC 7519 §4.1.5", "The statement is not yet valid.").explained(
    "a statement valid at {now}, with a leeway of {leeway_seconds} seconds",
    "a statement valid from {begins_at}",
    _NEW,
)
AUDIENCE = rule(
    "statement.audience", "RFC 7519 §4.1.3", "The statement is intended for other servers."
).explained("aud absent, or {expected}", "aud {presented}", _NEW)
CONTRADICTED = rule(
    "statement.contradicted", "RFC 7591 §2.3", "The metadata contradicts the statement's names or keys."
).explained("metadata with the statement's names and keys", "different values: {members}", OWN_STATEMENT)
NAMES_NOBODY = rule(
    "statement.names-nobody", "RFC 7591 §5", "The statement identifies its client by neither name nor key."
).explained("a statement with one of {expected}", "a statement without", _NEW)
SAME = rule(
    "statement.same", "RFC 7592 §2.2", "The update's statement is missing, or not the registered one."
).explained(
    "the software_statement of the registration",
    "another one, or none",
    "Send the statement of the registration; to use a new one, register again.",
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that is well-formed; nothing in it is proven before ``verify_statement``."""

    compact: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def metadata(self) -> dict[str, Any]:
        """What it says of the client."""
        return {name: value for name, value in self.claims.items() if name not in _OF_THE_JWT}


def read_statement(value: object) -> Statement:
    """A statement, read but not believed. Raises InvalidSoftwareStatement."""
    statement = parsed(value)
    check_type(statement.header)
    check_algorithm(statement.header)
    check_critical(statement.header)
    check_claims(statement.claims)
    return statement


def verify_statement(
    statement: Statement, keys: Mapping[str, Any], audience: str, now: datetime
) -> Mapping[str, Any]:
    """Verify that the directory signed it, for us and for now; returns the client metadata in it.

    keys: the directory's JWK set. audience: the identifier of this server. Raises InvalidSoftwareStatement,
    and UnapprovedSoftwareStatement.
    """
    candidates = check_key(statement.header, keys)
    check_signature(statement.compact, candidates)
    check_expiry(statement.claims, now)
    check_not_in_future(statement.claims, now)
    check_audience(statement.claims, audience)
    check_names_somebody(statement.metadata)
    return statement.metadata


def under_statement(metadata: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7591 §2.3: the statement's values take precedence. Raises InvalidSoftwareStatement."""
    check_not_contradicted(metadata, stated)
    return {**metadata, **stated}


@enforces(FORM)
def parsed(value: object) -> Statement:
    """RFC 7591 §2.3, RFC 7515 §7.1: one signed JWT, of JSON objects in which no name stands twice."""
    try:
        if not isinstance(value, str) or len(value) > MAX_ASSERTION_CHARACTERS or not jws.is_compact(value):
            raise ValueError(f"not a text of three parts with at most {MAX_ASSERTION_CHARACTERS} characters")
        return Statement(value, jws.header_of(value), jws.payload_of(value))
    except ValueError as problem:
        raise InvalidSoftwareStatement(
            FORM, "The software statement is malformed", problem=str(problem)[:200]
        ) from None


@enforces(TYPE)
def check_type(header: Mapping[str, Any]) -> None:
    """RFC 8725 §3.11: where a type is said it is one of statements: nothing else of that key is taken."""
    presented = header.get("typ", _TYPES[0])
    kind = presented.lower().removeprefix("application/") if isinstance(presented, str) else None
    if kind not in _TYPES:
        raise InvalidSoftwareStatement(
            TYPE,
            "The software statement is a JWT of another type",
            expected=_TYPES,
            presented=shown(presented),
        )


@enforces(ALGORITHM)
def check_algorithm(header: Mapping[str, Any]) -> None:
    """RFC 7591 §2.3, RFC 8725 §3.1, §3.2: signed, by an algorithm that is current; ``none`` is none."""
    presented = header.get("alg")
    if presented not in SIGNING_ALGORITHMS:
        raise InvalidSoftwareStatement(
            ALGORITHM,
            "The software statement's algorithm is not supported",
            expected=SIGNING_ALGORITHMS,
            presented=shown(presented),
        )


@enforces(CRITICAL)
def check_critical(header: Mapping[str, Any]) -> None:
    """RFC 7515 §4.1.11: what must be understood and is not, invalidates. No extension is known here."""
    if "crit" in header:
        raise InvalidSoftwareStatement(
            CRITICAL, "The software statement has critical header parameters", presented=shown(header["crit"])
        )


@enforces(CLAIMS)
def check_claims(claims: Mapping[str, Any]) -> None:
    """RFC 7591 §2.3: iss MUST be there; here also its times, and of which software it is."""
    wrong = [name for name in _REQUIRED if name not in claims]
    wrong += [name for name in _TEXTS if name in claims and not _is_text(claims[name])]
    wrong += [name for name in _TIMES if name in claims and not is_time(claims[name])]
    if wrong:
        raise InvalidSoftwareStatement(
            CLAIMS, f"The software statement's {wrong[0]} is missing or malformed", malformed=wrong
        )


@enforces(UNAPPROVED)
def check_issuer(claims: Mapping[str, Any], issuer: str) -> None:
    """RFC 7591 §3.2.2: one directory's. issuer: empty where nobody's is taken."""
    if not issuer or claims["iss"] != issuer:
        raise UnapprovedSoftwareStatement(
            UNAPPROVED,
            "Software statements of this issuer are not accepted",
            expected=issuer or "none",
            presented=shown(claims["iss"]),
        )


@enforces(KEY)
def check_key(header: Mapping[str, Any], keys: Mapping[str, Any]) -> list[PublicJwk]:
    """RFC 7515 §4.1.4: the directory's keys of this algorithm, and of this ``kid`` if it names one."""
    fitting, usable = verification_keys(header, keys, InvalidSoftwareStatement)
    if not fitting:
        raise InvalidSoftwareStatement(
            KEY,
            "The software statement names an unknown key",
            expected=[str(key.key_identifier) for key in usable][:10],
            presented=shown(header.get("kid")),
        )
    return fitting


@enforces(SIGNATURE)
def check_signature(compact: str, candidates: list[PublicJwk]) -> None:
    """RFC 7591 §2.3: one of the directory's keys signed these very characters."""
    if not any(jws.is_signed_by(compact, each.key) for each in candidates):
        raise InvalidSoftwareStatement(
            SIGNATURE,
            "The software statement's signature is invalid",
            expected=[each.thumbprint for each in candidates],
        )


@enforces(EXPIRED)
def check_expiry(claims: Mapping[str, Any], now: datetime) -> None:
    """RFC 7519 §4.1.4: what has passed its end is refused."""
    if now.timestamp() >= claims["exp"]:
        raise InvalidSoftwareStatement(
            EXPIRED, "The software statement has expired", expires_at=claims["exp"], now=now.timestamp()
        )


@enforces(IN_FUTURE)
def check_not_in_future(claims: Mapping[str, Any], now: datetime) -> None:
    """RFC 7519 §4.1.5, §4.1.6: for nbf and iat; clocks differ, but not by a minute."""
    begins = max(claims["iat"], claims.get("nbf", 0))
    if begins > now.timestamp() + MAX_FUTURE_SECONDS:
        raise InvalidSoftwareStatement(
            IN_FUTURE,
            "The software statement is not yet valid",
            begins_at=begins,
            now=now.timestamp(),
            leeway_seconds=MAX_FUTURE_SECONDS,
        )


@enforces(AUDIENCE)
def check_audience(claims: Mapping[str, Any], audience: str) -> None:
    """RFC 7519 §4.1.3: where it is for somebody, we are among them; without aud it is for all."""
    presented = claims.get("aud", audience)
    if audience not in (presented if isinstance(presented, list) else [presented]):
        raise InvalidSoftwareStatement(
            AUDIENCE,
            "The software statement is for other servers",
            expected=audience,
            presented=shown(presented),
        )


@enforces(NAMES_NOBODY)
def check_names_somebody(stated: Mapping[str, Any]) -> None:
    """RFC 7591 §5: a statement is copied easily; its own name or key tells its client from all others."""
    if not any(name in stated for name in _PROVEN):
        raise UnapprovedSoftwareStatement(
            NAMES_NOBODY,
            "The software statement identifies neither a certificate nor a key",
            expected=_PROVEN,
        )


@enforces(CONTRADICTED)
def check_not_contradicted(metadata: Mapping[str, Any], stated: Mapping[str, Any]) -> None:
    """RFC 7591 §2.3: a value of the statement wins; a name or key beside its own would be somebody else."""
    contradicting = [
        name for name in _PROVEN if name in metadata and metadata[name] != stated.get(name, metadata)
    ]
    if contradicting:
        raise InvalidSoftwareStatement(
            CONTRADICTED,
            f"{contradicting[0]} contradicts the software statement",
            members=contradicting,
        )


@enforces(SAME)
def check_same_statement(presented: object, registered: str) -> None:
    """RFC 7592 §2.2: the client sends all that it was told. registered: empty where it has none."""
    if presented != (registered or None):
        raise InvalidSoftwareStatement(SAME, "The software statement is not this client's")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
