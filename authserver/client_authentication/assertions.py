"""Client authentication by a signed assertion: ``private_key_jwt``.

RFC 7523 §2.2 and §3, https://www.rfc-editor.org/rfc/rfc7523; RFC 7521 §4.2,
https://www.rfc-editor.org/rfc/rfc7521; FAPI 2.0 Security Profile §5.3.2.1 and §5.4.1. Which client an
assertion is of is read before its signature is verified, since its keys are that client's; nothing else is
decided by what is not signed. Its use is recorded after all other checks, in the database and not in the
replay store: it may be valid for an hour, for which no store must be asked that can lose its content.

An assertion needs no ``iat`` (RFC 7523 §3, FAPI 2.0 §5.3.2.1). Without one it is dated ``exp`` less the
longest lifetime, the earliest moment at which it can have been valid here.

Until the signature is verified what depends on the client is answered in the same words: nobody learns who is
registered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authserver.client_authentication.authenticated import FAILED
from authserver.clients.client_keys import verification_keys
from authserver.clients.registered_client import SIGNING_ALGORITHMS, RegisteredClient
from authserver.endpoints.forms import Form
from sender_constraint.core.errors import InvalidClient, InvalidRequest
from sender_constraint.core.guidance import JSON_OBJECT, SUPPORTED_ALGORITHM
from sender_constraint.core.replay import replay_key
from sender_constraint.core.rules import enforces, rule
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import PublicJwk

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_PARAMETERS = ("client_assertion", "client_assertion_type")

MAX_ASSERTION_CHARACTERS = 8 * 1024
MAX_IDENTIFIER_CHARACTERS = 512
# Software by others makes assertions that last an hour; each is remembered for as long.
MAX_LIFETIME_SECONDS = 3600.0
# FAPI 2.0 §5.3.2.1: 10 seconds are accepted, 60 are refused; in between it is ours to say.
MAX_FUTURE_SECONDS = 30.0
# RFC 8725 §3.11; draft-ietf-oauth-rfc7523bis gives assertions a type of their own.
_TYPES = ("jwt", "client-authentication+jwt")
_REQUIRED = ("iss", "sub", "aud", "exp", "jti")
_TEXTS = ("iss", "sub", "jti")
_TIMES = ("exp", "iat", "nbf")
# The last second that datetime can hold, 9999-12-31T23:59:59Z; numbers beyond it mean no time.
_LAST_SECOND = 253402300799

_AS_MADE = "Send the assertion exactly as the JWT library produced it, in client_assertion."
_CLAIMS = "Set iss and sub to the client_id, aud to the issuer, exp, and a fresh jti (RFC 7523 §3)."
_NEW = (
    "Create a new assertion for each request, including retries: fresh jti, current iat, exp within a minute."
)
_CLOCK = "Synchronize the clock (NTP), and create each assertion right before sending it."
_KEYS = "Have the bank register the public key (jwks), and set kid to it; register a new key before using it."

PARAMETERS = rule(
    "assertion.parameters",
    "RFC 7521 §4.2",
    "client_assertion and client_assertion_type must be sent together.",
).explained(
    "client_assertion and client_assertion_type",
    "a request without {missing}",
    "Send both parameters (RFC 7521 §4.2).",
)
ASSERTION_KIND = rule(
    "assertion.kind", "RFC 7523 §2.2", "The client_assertion_type is not that of a JWT."
).explained("client_assertion_type {expected}", "{presented}", "Send a JWT, with this client_assertion_type.")
SIZE = rule("assertion.size", "RFC 8725 §3", "The assertion is too long.").explained(
    "at most {expected} characters", "{presented} characters", _AS_MADE
)
FORM = rule(
    "assertion.form", "RFC 7523 §3", "The assertion is not a JWT of three base64url parts."
).explained("a JWT of {expected} base64url parts", "{presented} parts", _AS_MADE)
HEADER = rule(
    "assertion.header", "RFC 7515 §4", "The header is not a JSON object with unique members."
).explained(JSON_OBJECT, "an invalid header: {problem}", _AS_MADE)
TYPE = rule("assertion.type", "RFC 8725 §3.11", "The JWT's typ is not that of a client assertion.").explained(
    "typ absent, or one of {expected}", "typ {presented}", "Omit typ."
)
UNSIGNED = rule("assertion.unsigned", "RFC 7523 §3", "The assertion is unsigned (alg none).").explained(
    "an assertion signed by the client", "alg {presented}", SUPPORTED_ALGORITHM
)
ALGORITHM = rule(
    "assertion.algorithm", "FAPI 2.0 §5.4.1", "The signature algorithm is not supported."
).explained("an assertion signed with one of {expected}", "alg {presented}", SUPPORTED_ALGORITHM)
CRITICAL = rule(
    "assertion.critical", "RFC 7515 §4.1.11", "The header lists critical parameters (crit)."
).explained("an assertion without crit", "crit {presented}", "Omit crit from the header.")
PAYLOAD = rule(
    "assertion.payload", "RFC 7519 §7.2", "The payload is not a JSON object with unique members."
).explained(JSON_OBJECT, "an invalid payload: {problem}", _AS_MADE)
CLAIM_MISSING = rule("assertion.claim-missing", "RFC 7523 §3", "A required claim is missing.").explained(
    "iss, sub, aud, exp and jti", "an assertion without {missing}", _CLAIMS
)
CLAIM_TYPE = rule("assertion.claim-type", "RFC 7519 §4.1", "A claim has the wrong type.").explained(
    "strings of ordinary length, and times as seconds since 1970",
    "another type or value in {malformed}",
    _CLAIMS,
)
SUBJECT = rule(
    "assertion.subject", "RFC 7523 §3", "The assertion's iss and sub are different clients."
).explained("iss equal to sub, {expected}", "iss {presented}", _CLAIMS)
CLIENT_ID = rule(
    "assertion.client-id", "RFC 7521 §4.2", "client_id is not the subject of the assertion."
).explained(
    "the assertion's subject, {expected}",
    "client_id {presented}",
    "Omit client_id, or set it to the assertion's subject.",
)
CLIENT_ALGORITHM = rule(
    "assertion.client-algorithm", "RFC 7591 §2", "The signature algorithm is not the registered one."
).explained(
    "alg {expected}, as registered",
    "alg {presented}",
    "Sign with the registered token_endpoint_auth_signing_alg, or have the bank change it.",
)
KEY = rule("assertion.key", "RFC 7523 §3", "The assertion's kid is not among the client's keys.").explained(
    "one of the client's keys: {expected}", "kid {presented}", _KEYS
)
SIGNATURE = rule(
    "assertion.signature", "RFC 7523 §3", "No key of the client verifies the signature."
).explained(
    "a signature by one of the client's keys, with thumbprint {expected}",
    "a signature that none of them verifies",
    _KEYS,
)
AUDIENCE = rule(
    "assertion.audience", "FAPI 2.0 §5.3.2.1", "The assertion is intended for another server."
).explained(
    "aud as a single string: {expected}",
    "aud {presented}",
    "Set aud to the issuer from the metadata, as a string. If your software can only send the token "
    "endpoint's URL, the operator can register the client with assertion_audience_token_endpoint.",
)
EXPIRED = rule("assertion.expired", "RFC 7523 §3", "The assertion has expired.").explained(
    "an assertion valid at {now}", "an assertion that expired at {expires_at}", _CLOCK
)
LIFETIME = rule("assertion.lifetime", "RFC 7523 §3", "The assertion's lifetime is too long.").explained(
    "a lifetime of at most {expected} seconds", "{presented} seconds", _NEW
)
IN_FUTURE = rule("assertion.in-future", "FAPI 2.0 §5.3.2.1", "The assertion is not yet valid.").explained(
    "iat and nbf at most {leeway_seconds} seconds after {now}", "{begins_at}", _CLOCK
)
REPLAYED = rule("assertion.replayed", "RFC 7523 §3", "The assertion has already been used.").explained(
    "an assertion that has not been used", "an assertion that {client} has already used", _NEW
)


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion that is well-formed; nothing in it is proven."""

    compact: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def client_id(self) -> str:
        """Whose it says that it is (RFC 7523 §3)."""
        return str(self.claims["sub"])

    @property
    def use(self) -> tuple[str, float]:
        """Under what its use is recorded, and until when it is valid, in seconds since 1970."""
        return replay_key("assertion", self.client_id, self.claims["jti"]), float(self.claims["exp"])


def presented_assertion(form: Form) -> Assertion:
    """The assertion in a form, read but not believed. Raises InvalidRequest or InvalidClient."""
    check_parameters(form)
    check_kind(form)
    compact = form["client_assertion"][0]
    check_size(compact)
    check_form(compact)
    header = parse_header(compact)
    check_type(header)
    check_signed(header)
    check_algorithm(header)
    check_critical(header)
    claims = parse_claims(compact)
    check_claims_present(claims)
    check_claim_types(claims)
    check_subject(claims)
    check_client_id(claims, form)
    return Assertion(compact, header, claims)


def verify_assertion(
    assertion: Assertion,
    client: RegisteredClient,
    keys: Mapping[str, Any],
    audiences: Sequence[str],
    now: datetime,
) -> None:
    """Verify that this client signed the assertion, for us and for now; but for its being shown once.

    keys: the client's JWK set. audiences: as what this server is addressed. Raises InvalidClient.
    """
    check_client_algorithm(assertion.header, client)
    candidates = check_key(assertion.header, keys)
    check_signature(assertion.compact, candidates)
    check_audience(assertion.claims, audiences)
    check_expiry(assertion.claims, now)
    check_lifetime(assertion.claims, now)
    check_not_in_future(assertion.claims, now)


@enforces(PARAMETERS)
def check_parameters(form: Form) -> None:
    """RFC 7521 §4.2: both are REQUIRED."""
    missing = [name for name in ASSERTION_PARAMETERS if name not in form]
    if missing:
        raise InvalidRequest(PARAMETERS, f"{missing[0]} is missing", missing=missing)


@enforces(ASSERTION_KIND)
def check_kind(form: Form) -> None:
    """RFC 7523 §2.2: the one value for JWTs."""
    presented = form["client_assertion_type"][0]
    if presented != ASSERTION_TYPE:
        raise InvalidClient(
            ASSERTION_KIND,
            "The client assertion type is not supported",
            expected=ASSERTION_TYPE,
            presented=presented[:200],
        )


@enforces(SIZE)
def check_size(compact: str) -> None:
    """Checked first: all that follows costs time by the character."""
    if len(compact) > MAX_ASSERTION_CHARACTERS:
        raise InvalidClient(
            SIZE,
            "The client assertion is too long",
            expected=MAX_ASSERTION_CHARACTERS,
            presented=len(compact),
        )


@enforces(FORM)
def check_form(compact: str) -> None:
    """RFC 7523 §3, RFC 7515 §7.1: one signed JWT; the form has no room for two (RFC 7523 §2.2)."""
    if not jws.is_compact(compact):
        raise InvalidClient(
            FORM, "The client assertion is malformed", expected=3, presented=compact.count(".") + 1
        )


@enforces(HEADER)
def parse_header(compact: str) -> dict[str, Any]:
    """RFC 7515 §4: a JSON object without duplicate members."""
    try:
        return jws.header_of(compact)
    except ValueError as problem:
        raise InvalidClient(
            HEADER, "The client assertion's header is malformed", problem=str(problem)[:200]
        ) from None


@enforces(TYPE)
def check_type(header: Mapping[str, Any]) -> None:
    """RFC 8725 §3.11: where a type is said it is one of assertions: no access token is taken for one."""
    presented = header.get("typ", _TYPES[0])
    kind = presented.lower().removeprefix("application/") if isinstance(presented, str) else None
    if kind not in _TYPES:
        raise InvalidClient(
            TYPE,
            "The client assertion is a JWT of another type",
            expected=_TYPES,
            presented=shown(presented),
        )


@enforces(UNSIGNED)
def check_signed(header: Mapping[str, Any]) -> None:
    """RFC 7523 §3: digitally signed by its issuer; ``none`` is no signature, however it is written."""
    presented = header.get("alg")
    if isinstance(presented, str) and presented.lower() == "none":
        raise InvalidClient(UNSIGNED, "The client assertion is not signed", presented=shown(presented))


@enforces(ALGORITHM)
def check_algorithm(header: Mapping[str, Any]) -> None:
    """RFC 8725 §3.1, FAPI 2.0 §5.4.1: these, and no symmetric one with a public key as secret."""
    presented = header.get("alg")
    if presented not in SIGNING_ALGORITHMS:
        raise InvalidClient(
            ALGORITHM,
            "The client assertion's algorithm is not supported",
            expected=SIGNING_ALGORITHMS,
            presented=shown(presented),
        )


@enforces(CRITICAL)
def check_critical(header: Mapping[str, Any]) -> None:
    """RFC 7515 §4.1.11: what must be understood and is not, invalidates. No extension is known here."""
    if "crit" in header:
        raise InvalidClient(
            CRITICAL,
            "The client assertion has unsupported critical header parameters",
            presented=shown(header["crit"]),
        )


@enforces(PAYLOAD)
def parse_claims(compact: str) -> dict[str, Any]:
    """RFC 7519 §7.2: a JSON object; without duplicate members, so that it has one reading only."""
    try:
        return jws.payload_of(compact)
    except ValueError as problem:
        raise InvalidClient(
            PAYLOAD, "The client assertion's payload is malformed", problem=str(problem)[:200]
        ) from None


@enforces(CLAIM_MISSING)
def check_claims_present(claims: Mapping[str, Any]) -> None:
    """RFC 7523 §3: iss, sub, aud and exp; jti too, by which it counts once (RFC 7523 §5)."""
    missing = [name for name in _REQUIRED if name not in claims]
    if missing:
        raise InvalidClient(
            CLAIM_MISSING, f"The client assertion lacks the claim {missing[0]}", missing=missing
        )


@enforces(CLAIM_TYPE)
def check_claim_types(claims: Mapping[str, Any]) -> None:
    """RFC 7519 §4.1: texts are texts of a size to be remembered, times are numbers that mean a time."""
    wrong = [name for name in _TEXTS if not _is_identifier(claims[name])]
    wrong += [name for name in _TIMES if name in claims and not is_time(claims[name])]
    if wrong:
        raise InvalidClient(CLAIM_TYPE, f"The client assertion's {wrong[0]} is malformed", malformed=wrong)


@enforces(SUBJECT)
def check_subject(claims: Mapping[str, Any]) -> None:
    """RFC 7523 §3, OpenID Connect Core §9: issuer and subject are both the client itself."""
    if claims["iss"] != claims["sub"]:
        raise InvalidClient(
            SUBJECT,
            "The client assertion's iss and sub differ",
            expected=claims["sub"][:200],
            presented=claims["iss"][:200],
        )


@enforces(CLIENT_ID)
def check_client_id(claims: Mapping[str, Any], form: Form) -> None:
    """RFC 7521 §4.2: client_id is unnecessary; where it is present it MUST identify the same client."""
    presented = form.get("client_id", (claims["sub"],))[0]
    if presented != claims["sub"]:
        raise InvalidClient(
            CLIENT_ID,
            "client_id is not the client assertion's subject",
            expected=claims["sub"][:200],
            presented=presented[:200],
        )


@enforces(CLIENT_ALGORITHM)
def check_client_algorithm(header: Mapping[str, Any], client: RegisteredClient) -> None:
    """RFC 7591 §2, OpenID Connect Registration §2: where the client registered one, no other."""
    expected = client.token_endpoint_auth_signing_alg
    if expected and header["alg"] != expected:
        raise InvalidClient(CLIENT_ALGORITHM, FAILED, expected=expected, presented=header["alg"])


@enforces(KEY)
def check_key(header: Mapping[str, Any], keys: Mapping[str, Any]) -> Sequence[PublicJwk]:
    """RFC 7515 §4.1.4, RFC 7523 §3: the client's keys of this algorithm, and of this ``kid`` if it names one.

    A registered key without ``kid`` goes by any.
    """
    fitting, usable = verification_keys(header, keys, InvalidClient)
    if not fitting:
        raise InvalidClient(
            KEY,
            FAILED,
            expected=[f"{key.key_identifier} ({key.algorithm})" for key in usable][:10],
            presented=f"{shown(header.get('kid'))} ({header['alg']})",
        )
    return fitting


@enforces(SIGNATURE)
def check_signature(compact: str, candidates: Sequence[PublicJwk]) -> None:
    """RFC 7523 §3: one of the client's keys signed these very characters."""
    if not any(jws.is_signed_by(compact, each.key) for each in candidates):
        raise InvalidClient(SIGNATURE, FAILED, expected=[each.thumbprint for each in candidates])


@enforces(AUDIENCE)
def check_audience(claims: Mapping[str, Any], audiences: Sequence[str]) -> None:
    """RFC 7523 §3, FAPI 2.0 §5.3.2.1: this server as one text, compared exactly.

    In a list others could be named too, who might show the assertion here.
    """
    if claims["aud"] not in audiences:
        raise InvalidClient(
            AUDIENCE,
            "The client assertion is for another server: set aud to this server's issuer, as one string",
            expected=list(audiences),
            presented=shown(claims["aud"]),
        )


@enforces(EXPIRED)
def check_expiry(claims: Mapping[str, Any], now: datetime) -> None:
    """RFC 7523 §3: exp is REQUIRED, and what has passed it is refused."""
    if now.timestamp() >= claims["exp"]:
        raise InvalidClient(
            EXPIRED, "The client assertion has expired", expires_at=claims["exp"], now=now.timestamp()
        )


@enforces(LIFETIME)
def check_lifetime(claims: Mapping[str, Any], now: datetime) -> None:
    """RFC 7523 §3: an end that is unreasonably far in the future MAY be refused, and so may an old one.

    Without ``iat`` this says that ``exp`` less the longest lifetime is not in the future.
    """
    begins = min(claims.get("iat", now.timestamp()), now.timestamp() + MAX_FUTURE_SECONDS)
    if claims["exp"] - begins > MAX_LIFETIME_SECONDS:
        raise InvalidClient(
            LIFETIME,
            "The client assertion's lifetime is too long",
            expected=MAX_LIFETIME_SECONDS,
            presented=claims["exp"] - begins,
        )


@enforces(IN_FUTURE)
def check_not_in_future(claims: Mapping[str, Any], now: datetime) -> None:
    """FAPI 2.0 §5.3.2.1, RFC 7523 §3: for iat and nbf; clocks differ, but not by a minute."""
    begins = max(claims.get("iat", 0), claims.get("nbf", 0))
    if begins > now.timestamp() + MAX_FUTURE_SECONDS:
        raise InvalidClient(
            IN_FUTURE,
            "The client assertion is not yet valid: check the clock",
            begins_at=begins,
            now=now.timestamp(),
            leeway_seconds=MAX_FUTURE_SECONDS,
        )


@enforces(REPLAYED)
def check_once(client_id: str, *, first: bool) -> None:
    """RFC 7523 §3, RFC 7521 §5.2: each assertion is used once. first: whether no use of it is on record."""
    if not first:
        raise InvalidClient(REPLAYED, "The client assertion has already been used", client=client_id)


def _is_identifier(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_IDENTIFIER_CHARACTERS


def is_time(value: object) -> bool:
    """Whether this is seconds since 1970 (RFC 7519 §2, NumericDate) of a time that there is."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LAST_SECOND


def shown(value: object) -> str:
    """A presented member for the audit trail, bounded."""
    return repr(value)[:100]
