"""The checks of a DPoP proof, one function each.

RFC 9449, OAuth 2.0 Demonstrating Proof of Possession (DPoP), §4.2, §4.3, §8, §9 and §11.1
(https://www.rfc-editor.org/rfc/rfc9449). ``proof.verify_proof`` calls them in order.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sender_constraint.core.errors import InvalidDpopProof, InvalidToken, UseDpopNonce
from sender_constraint.core.guidance import JSON_OBJECT, SUPPORTED_ALGORITHM, Comparison
from sender_constraint.core.replay import OneTimeUse, ReplayMemory, Use, record_use, replay_key
from sender_constraint.core.rules import enforces, rule
from sender_constraint.core.thumbprints import same_thumbprint
from sender_constraint.dpop.htu import normalized
from sender_constraint.dpop.nonces import Nonces
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import PublicJwk

TYPE = "dpop+jwt"
MAX_PROOF_CHARACTERS = 8 * 1024
MAX_IDENTIFIER_CHARACTERS = 512
# RFC 9449 §11.1: seconds or minutes.
MAX_AGE_SECONDS = 60.0
# FAPI 2.0 §5.3.2.1: 10 seconds are accepted, 60 are refused; in between it is ours to say.
MAX_FUTURE_SECONDS = 30.0
# The last second that datetime can hold, 9999-12-31T23:59:59Z; numbers beyond it mean no time.
_LAST_SECOND = 253402300799
_REQUIRED = ("jti", "htm", "htu", "iat")
_TEXTS = ("jti", "htm", "htu", "nonce", "ath")
_TIMES = ("iat", "exp", "nbf")

_AS_MADE = "Send the proof exactly as the DPoP library produced it, in one DPoP header."
_CLAIMS = "Set jti, htm, htu and iat, and at an API also ath (RFC 9449 §4.2)."
_NEW_PROOF = "Create a new proof for each request, including retries: fresh jti, current iat."
_CLOCK = "Create each proof right before sending it, and synchronize the clock (NTP)."
_USE_NONCE = "Retry with a new proof that contains the nonce from the response's DPoP-Nonce header"

MISSING = rule("dpop.missing", "RFC 9449 §7", "The request has no DPoP proof.").explained(
    "a DPoP header with a proof", "no such header", "Send a proof with each request (RFC 9449 §4.1)."
)
MORE_THAN_ONE = rule(
    "dpop.more-than-one", "RFC 9449 §4.3", "The request has more than one DPoP proof."
).explained("one DPoP proof", "{presented} proofs", _AS_MADE)
FORM = rule("dpop.form", "RFC 9449 §4.3", "The proof is not a signed JWT of ordinary length.").explained(
    "a signed JWT: {expected}", "{presented}", _AS_MADE
)
HEADER = rule(
    "dpop.header", "RFC 9449 §4.3", "The header is not a JSON object with unique members."
).explained(JSON_OBJECT, "an invalid header: {problem}", _AS_MADE)
PAYLOAD = rule(
    "dpop.payload", "RFC 9449 §4.3", "The payload is not a JSON object with unique members."
).explained(JSON_OBJECT, "an invalid payload: {problem}", _AS_MADE)
CLAIM_MISSING = rule("dpop.claim-missing", "RFC 9449 §4.2", "A required claim is missing.").explained(
    "jti, htm, htu and iat", "a proof without {missing}", _CLAIMS
)
CLAIM_TYPE = rule("dpop.claim-type", "RFC 9449 §4.2", "A claim has the wrong type.").explained(
    "strings of ordinary length, and iat as seconds since 1970",
    "another type or value in {malformed}",
    _CLAIMS,
)
WRONG_TYPE = rule("dpop.type", "RFC 9449 §4.3", "The proof's typ is not dpop+jwt.").explained(
    "typ {expected}", "typ {presented}", "Set typ to dpop+jwt."
)
UNSIGNED = rule("dpop.unsigned", "RFC 9449 §4.3", "The proof is unsigned (alg none).").explained(
    "a signed proof", "alg {presented}", SUPPORTED_ALGORITHM
)
ALGORITHM = rule("dpop.algorithm", "RFC 9449 §4.3", "The signature algorithm is not supported.").explained(
    "a proof signed with one of {expected}", "alg {presented}", SUPPORTED_ALGORITHM
)
CRITICAL = rule(
    "dpop.critical", "RFC 7515 §4.1.11", "The header lists critical parameters (crit)."
).explained("a proof without crit", "crit {presented}", "Omit crit from the header.")
KEY_MISSING = rule("dpop.key-missing", "RFC 9449 §4.2", "The header has no public key (jwk).").explained(
    "the public key in the header's jwk",
    "a header with {presented} only",
    "Put the public key itself into the header; kid and x5c do not replace it.",
)
ALGORITHM_OF_KEY = rule(
    "dpop.algorithm-of-key", "RFC 9449 §4.3", "The algorithm is not that of the proof's key."
).explained("alg {expected}, as its key requires", "alg {presented}", SUPPORTED_ALGORITHM)
SIGNATURE = rule(
    "dpop.signature", "RFC 9449 §4.3", "The proof's own key does not verify its signature."
).explained(
    "a signature by the key in the header",
    "a signature that the key {key} does not verify",
    "Sign with the private key that matches jwk; for ES256 the signature is r and s, 64 bytes.",
)
METHOD = rule("dpop.method", "RFC 9449 §4.3", "The proof is for another HTTP method.").explained(
    "htm {expected}", "htm {presented}", _NEW_PROOF
)
URL = rule("dpop.url", "RFC 9449 §4.3", "The proof is for another URL.").explained(
    "htu {expected}, the public URL of this service",
    "htu {presented}",
    "Set htu to the requested URL without its query, with the host and port that the service publishes.",
    compare=Comparison.TEXT,
)
NONCE = rule("dpop.nonce", "RFC 9449 §8", "The proof has no current nonce of this server.").explained(
    "a nonce that this server issued recently", "nonce {presented}", f"{_USE_NONCE}."
)
IN_FUTURE = rule("dpop.in-future", "RFC 9449 §11.1", "The proof's iat is in the future.").explained(
    "a proof created in the past", "a proof from the future", compare=Comparison.START
)
TOO_OLD = rule("dpop.too-old", "RFC 9449 §11.1", "The proof is too old.").explained(
    "a proof created within the last minute", "an older proof", _CLOCK, compare=Comparison.EXPIRY
)
TOKEN_HASH = rule("dpop.token-hash", "RFC 9449 §4.3", "The proof is for another access token.").explained(
    "ath {expected}, the hash of the token sent with it",
    "ath {presented}",
    "Set ath to the unpadded base64url SHA-256 hash of the access token as it is sent.",
)
OTHER_KEY = rule(
    "dpop.other-key", "RFC 9449 §7.1", "The token is bound to another key than the proof's."
).explained(
    "a proof by the key {expected}, to which the token is bound",
    "a proof by the key {presented}",
    "Sign proofs with the key that was used to request the token; a new key needs a new token.",
)
REPLAYED = rule("dpop.replayed", "RFC 9449 §11.1", "The proof has already been used.").explained(
    "a proof that has not been used", "a proof that has already been used", _NEW_PROOF
)
USE_UNKNOWN = rule(
    "dpop.use-unknown",
    "RFC 9449 §11.1",
    "The proof may have been used before the replay store lost its data.",
).explained(
    "a proof provably created after the replay store lost its data",
    "a proof created at {made_at} with nonce {presented}",
    f"{_USE_NONCE}; a client must expect this at any time (RFC 9449 §8).",
)


@enforces(MISSING, MORE_THAN_ONE)
def check_single(proofs: Sequence[str]) -> str:
    """RFC 9449 §4.3, 1: one ``DPoP`` header; §5.2 and §7: and not none."""
    if not proofs:
        raise InvalidDpopProof(MISSING, "A DPoP proof is required")
    if len(proofs) > 1:
        raise InvalidDpopProof(
            MORE_THAN_ONE, "The request has more than one DPoP proof", expected=1, presented=len(proofs)
        )
    return proofs[0]


@enforces(FORM)
def check_form(proof: str) -> None:
    """RFC 9449 §4.3, 2: a single, well-formed JWT; of bounded size, since all that follows costs time."""
    if len(proof) > MAX_PROOF_CHARACTERS or not jws.is_compact(proof):
        raise InvalidDpopProof(
            FORM,
            "The DPoP proof is malformed",
            expected=f"three parts in at most {MAX_PROOF_CHARACTERS} characters",
            presented=f"{proof.count('.') + 1} parts in {len(proof)} characters",
        )


@enforces(HEADER)
def parse_header(proof: str) -> dict[str, Any]:
    """RFC 9449 §4.3, 2; RFC 7515 §4: a JSON object without duplicate members."""
    try:
        return jws.header_of(proof)
    except ValueError as problem:
        raise InvalidDpopProof(HEADER, "The DPoP proof's header is malformed", problem=str(problem)) from None


@enforces(PAYLOAD)
def parse_claims(proof: str) -> dict[str, Any]:
    """RFC 9449 §4.3, 2; RFC 7519 §7.2: a JSON object without duplicate members."""
    try:
        return jws.payload_of(proof)
    except ValueError as problem:
        raise InvalidDpopProof(
            PAYLOAD, "The DPoP proof's payload is malformed", problem=str(problem)
        ) from None


@enforces(CLAIM_MISSING)
def check_claims_present(claims: Mapping[str, Any]) -> None:
    """RFC 9449 §4.3, 3: the four claims that §4.2 requires of each proof."""
    missing = [name for name in _REQUIRED if name not in claims]
    if missing:
        raise InvalidDpopProof(CLAIM_MISSING, "The DPoP proof lacks a required claim", missing=missing)


@enforces(CLAIM_TYPE)
def check_claim_types(claims: Mapping[str, Any]) -> None:
    """RFC 9449 §4.2: texts and times; ``jti`` is remembered, and so of bounded length."""
    wrong = [name for name in _TEXTS if name in claims and not _is_text(claims[name])]
    wrong += [name for name in _TIMES if name in claims and not _is_time(claims[name])]
    if wrong or len(claims["jti"]) > MAX_IDENTIFIER_CHARACTERS:
        raise InvalidDpopProof(
            CLAIM_TYPE, "A claim of the DPoP proof is malformed", malformed=wrong or ["jti"]
        )


@enforces(WRONG_TYPE)
def check_type(header: Mapping[str, Any]) -> None:
    """RFC 9449 §4.3, 4: ``dpop+jwt``, so that no other JWT is taken for a proof.

    Media types are compared without case, and ``application/`` may stand before them (RFC 7515 §4.1.9).
    """
    presented = header.get("typ")
    if not isinstance(presented, str) or presented.lower().removeprefix("application/") != TYPE:
        raise InvalidDpopProof(
            WRONG_TYPE,
            "The DPoP proof's typ is not dpop+jwt",
            expected=TYPE,
            presented=_shown(presented),
        )


@enforces(UNSIGNED)
def check_signed(header: Mapping[str, Any]) -> None:
    """RFC 9449 §4.3, 5: not ``none``, however its letters are written."""
    presented = header.get("alg")
    if isinstance(presented, str) and presented.lower() == "none":
        raise InvalidDpopProof(UNSIGNED, "The DPoP proof is not signed", presented=_shown(presented))


@enforces(ALGORITHM)
def check_algorithm(header: Mapping[str, Any]) -> None:
    """RFC 9449 §4.3, 5: asymmetric, and one of those that FAPI 2.0 §5.4.1 allows."""
    presented = header.get("alg")
    if presented not in jws.ALGORITHMS:
        raise InvalidDpopProof(
            ALGORITHM,
            "The DPoP proof's algorithm is not supported",
            expected=jws.ALGORITHMS,
            presented=_shown(presented),
        )


@enforces(CRITICAL)
def check_critical(header: Mapping[str, Any]) -> None:
    """RFC 7515 §4.1.11: what must be understood and is not, invalidates. No extension is known here."""
    if "crit" in header:
        raise InvalidDpopProof(
            CRITICAL,
            "The DPoP proof has unsupported critical header parameters",
            presented=_shown(header["crit"]),
        )


@enforces(KEY_MISSING)
def check_key_present(header: Mapping[str, Any]) -> None:
    """RFC 9449 §4.2: the header carries the public key; what key it may be, ``jwk`` says."""
    if "jwk" not in header:
        raise InvalidDpopProof(KEY_MISSING, "The DPoP proof contains no key", presented=sorted(header)[:10])


@enforces(ALGORITHM_OF_KEY)
def check_algorithm_of_key(header: Mapping[str, Any], key: PublicJwk) -> None:
    """RFC 9449 §4.3, 5 and 6: the header says the algorithm that the key has."""
    if header["alg"] != key.algorithm:
        raise InvalidDpopProof(
            ALGORITHM_OF_KEY,
            "The DPoP proof's algorithm is not that of its key",
            expected=key.algorithm,
            presented=_shown(header["alg"]),
        )


@enforces(SIGNATURE)
def check_signature(proof: str, key: PublicJwk) -> None:
    """RFC 9449 §4.3, 6: whoever holds the key signed these very characters."""
    if not jws.is_signed_by(proof, key.key):
        raise InvalidDpopProof(
            SIGNATURE, "The DPoP proof's signature is invalid", key=key.thumbprint, algorithm=key.algorithm
        )


@enforces(METHOD)
def check_method(claims: Mapping[str, Any], method: str) -> None:
    """RFC 9449 §4.3, 8: the method of this request; methods have a case (RFC 9110 §9.1)."""
    if claims["htm"] != method:
        raise InvalidDpopProof(
            METHOD, "The DPoP proof is for another method", expected=method, presented=claims["htm"][:100]
        )


@enforces(URL)
def check_url(claims: Mapping[str, Any], url: str) -> None:
    """RFC 9449 §4.3, 9: the address of this request, without query and fragment, after normalization."""
    expected = normalized(url)
    try:
        presented = normalized(claims["htu"])
    except ValueError as problem:
        raise InvalidDpopProof(
            URL,
            "The DPoP proof is for another URL",
            expected=expected,
            presented=claims["htu"][:500],
            problem=str(problem)[:200],
        ) from None
    if presented != expected:
        raise InvalidDpopProof(
            URL, "The DPoP proof is for another URL", expected=expected, presented=presented[:500]
        )


@enforces(NONCE)
def check_nonce(claims: Mapping[str, Any], nonces: Nonces, now: datetime) -> None:
    """RFC 9449 §4.3, 10: where a nonce is demanded, one that this server gave lately."""
    presented = claims.get("nonce")
    if presented is None or not nonces.is_good(presented, now):
        raise UseDpopNonce(
            NONCE,
            "The DPoP proof needs a nonce from this server",
            expected="the nonce in the header DPoP-Nonce",
            presented=_shown(presented),
        )


@enforces(IN_FUTURE)
def check_not_in_future(claims: Mapping[str, Any], now: datetime) -> None:
    """RFC 9449 §4.3, 11; FAPI 2.0 §5.3.2.1, for ``nbf`` too: clocks differ, but not by a minute."""
    begins = max(claims["iat"], claims.get("nbf", claims["iat"]))
    if begins > now.timestamp() + MAX_FUTURE_SECONDS:
        raise InvalidDpopProof(
            IN_FUTURE,
            "The DPoP proof's iat is in the future",
            made_at=begins,
            now=now.timestamp(),
            leeway_seconds=MAX_FUTURE_SECONDS,
        )


@enforces(TOO_OLD)
def check_age(claims: Mapping[str, Any], now: datetime) -> None:
    """RFC 9449 §4.3, 11: made lately; and before its own end, where it has an ``exp`` (RFC 7519 §4.1.4)."""
    ends = min(_ends_at(claims), claims.get("exp", float("inf")))
    if now.timestamp() >= ends:
        raise InvalidDpopProof(
            TOO_OLD,
            "The DPoP proof is too old",
            made_at=claims["iat"],
            ends_at=ends,
            now=now.timestamp(),
        )


@enforces(TOKEN_HASH)
def check_token_hash(claims: Mapping[str, Any], access_token: str) -> None:
    """RFC 9449 §4.3, 12: ``ath`` is the hash of the access token that is presented beside the proof."""
    expected = access_token_hash(access_token)
    presented = claims.get("ath", "")
    if not hmac.compare_digest(expected.encode(), presented.encode(errors="surrogatepass")):
        raise InvalidDpopProof(
            TOKEN_HASH,
            "The DPoP proof is for another access token",
            expected=expected,
            presented=presented[:100],
        )


@enforces(OTHER_KEY)
def check_key_of_token(thumbprint: str, bound_to: str) -> None:
    """RFC 9449 §4.3, 12, and §7.1: the token is bound to the key that signed the proof."""
    if not same_thumbprint(bound_to, thumbprint):
        raise InvalidToken(
            OTHER_KEY, "The access token is bound to another key", expected=bound_to, presented=thumbprint
        )


@enforces(REPLAYED, USE_UNKNOWN)
def check_not_replayed(
    thumbprint: str, claims: Mapping[str, Any], replay: ReplayMemory, nonces: Nonces
) -> None:
    """RFC 9449 §11.1: each proof once, recorded for as long as its time lets it pass.

    Where the store cannot know whether it was used, a nonce that names the store's epoch proves that the
    proof was made in this epoch; one is asked for, whether or not nonces are required otherwise (§8, §9).
    """
    use = record_use(
        replay,
        OneTimeUse(
            replay_key("dpop", thumbprint, claims["jti"]),
            usable_from=claims["iat"] - MAX_FUTURE_SECONDS,
            usable_until=_ends_at(claims),
            epoch=nonces.epoch_of(claims.get("nonce")),
        ),
    )
    if use is Use.REPEATED:
        raise InvalidDpopProof(REPLAYED, "The DPoP proof has already been used", key=thumbprint)
    if use is Use.UNKNOWN:
        raise UseDpopNonce(
            USE_UNKNOWN,
            "The DPoP proof needs a nonce from this server",
            key=thumbprint,
            made_at=claims["iat"],
            presented=_shown(claims.get("nonce")),
        )


def access_token_hash(access_token: str) -> str:
    """``ath`` (RFC 9449 §4.2): base64url, unpadded, SHA-256 of the token's ASCII characters."""
    return jws.encode(hashlib.sha256(access_token.encode("ascii")).digest())


def _ends_at(claims: Mapping[str, Any]) -> float:
    return float(claims["iat"]) + MAX_AGE_SECONDS


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LAST_SECOND


def _shown(value: object) -> str:
    """A presented member for the audit trail, bounded."""
    return repr(value)[:100]
