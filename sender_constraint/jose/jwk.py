"""A public key as JSON, from somebody who is not trusted.

RFC 7517, JSON Web Key, §4 (https://www.rfc-editor.org/rfc/rfc7517); RFC 7518, JSON Web Algorithms, §6
(https://www.rfc-editor.org/rfc/rfc7518); RFC 8037 §2 for Ed25519 (https://www.rfc-editor.org/rfc/rfc8037);
sizes and curves by the FAPI 2.0 Security Profile, §5.4.1.

Each kind of key has one algorithm here: P-256 signs ES256, RSA signs PS256, Ed25519 signs EdDSA. The last
parameter of each check, ``error``, is the refusal to raise: InvalidDpopProof for a proof's key,
InvalidClientMetadata for a client's registered one. Certificates in ``x5c`` are not read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from sender_constraint.core.errors import InvalidRequest, Refusal
from sender_constraint.core.guidance import SUPPORTED_ALGORITHM
from sender_constraint.core.rules import enforces, rule
from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.core.untrusted_input import parsing
from sender_constraint.jose.jws import ALGORITHMS as ALGORITHMS
from sender_constraint.jose.jws import PrivateKey, PublicKey, algorithm_of, decode, encode

SHORTEST_RSA_KEY_BITS = 2048
# A verification takes longer with each bit; nobody's request is to keep a server busy.
LONGEST_RSA_KEY_BITS = 8192
SMALLEST_RSA_EXPONENT = 65537
LONGEST_RSA_EXPONENT_BITS = 32

_KINDS = {("EC", "P-256"): ("x", "y"), ("RSA", None): ("n", "e"), ("OKP", "Ed25519"): ("x",)}
# RFC 7518 §6.2.2, §6.3.2, §6.4.1; RFC 8037 §2.
_PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_COORDINATE_BYTES = 32
_FIELD = 2**255 - 19
# The y of the points of small order: with one of them as a key, a signature can be made that fits any message
# (RFC 8032 §8.9 leaves refusing them to the application).
_SMALL_ORDER = frozenset(
    {
        0,
        1,
        _FIELD - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        _FIELD - 2707385501144840649318225287225658788936804267575313519463743609750303402022,
    }
)

MALFORMED = rule("jwk.malformed", "RFC 7517 §4", "The key is not a JSON object with a kty.").explained(
    "a JSON object with kty and string members", "something else", SUPPORTED_ALGORITHM
)
NUMBERS = rule("jwk.numbers", "RFC 7518 §6", "The key's numbers are missing or invalid.").explained(
    "the key's numbers in canonical base64url",
    "invalid numbers: {problem}",
    "Let the JOSE library write the JWK.",
)
SYMMETRIC = rule("jwk.symmetric", "RFC 9449 §4.2", "The key is symmetric, and proves nothing.").explained(
    "a public key", "a shared secret", SUPPORTED_ALGORITHM
)
PRIVATE = rule("jwk.private", "RFC 9449 §4.3", "The private key was sent with the public one.").explained(
    "a public key only",
    "a key with the private members {presented}",
    "Send the public key only. Generate a new key: this one is disclosed.",
)
KIND = rule("jwk.kind", "FAPI 2.0 §5.4.1", "The key type or curve is not supported.").explained(
    "one of {expected}", "{presented}", SUPPORTED_ALGORITHM
)
WEAK = rule("jwk.weak", "FAPI 2.0 §5.4.1", "The key is too short, or has a known private key.").explained(
    "{expected}", "{presented}", SUPPORTED_ALGORITHM
)
PURPOSE = rule("jwk.purpose", "RFC 7517 §4.2", "The key is not for verifying signatures.").explained(
    "a key for signatures", "{presented}", "Omit use and key_ops, or set use to sig."
)
ALGORITHM = rule("jwk.algorithm", "RFC 7517 §4.4", "The key is for another algorithm.").explained(
    "alg {expected}", "alg {presented}", SUPPORTED_ALGORITHM
)


@dataclass(frozen=True, slots=True)
class PublicJwk:
    """What ``public_jwk`` found good.

    key: to verify with. thumbprint: RFC 7638, base64url, unpadded, SHA-256. key_identifier: ``kid``.
    """

    key: PublicKey = field(repr=False)
    thumbprint: str
    key_identifier: str | None = None

    @property
    def algorithm(self) -> str:
        """The one algorithm that this key verifies: one of ``ALGORITHMS``."""
        return algorithm_of(self.key)


def public_jwk(value: object, error: type[Refusal] = InvalidRequest) -> PublicJwk:
    """Check and read a public key (RFC 7517 §4). value: of parsed JSON. Raises ``error``."""
    jwk = members_of(value, error)
    check_not_symmetric(jwk, error)
    check_not_private(jwk, error)
    check_kind(jwk, error)
    key = load(jwk, error)
    check_strength(key, error)
    check_purpose(jwk, error)
    check_algorithm(jwk, key, error)
    return PublicJwk(key, jwk_thumbprint(jwk), jwk.get("kid"))


def jwk_of(key: PublicKey | PrivateKey) -> dict[str, str]:
    """The public JWK of a key: the required members alone, so that its thumbprint is that of the whole.

    Raises ValueError for a curve other than P-256.
    """
    public = key if isinstance(key, PublicKey) else key.public_key()
    match public:
        case rsa.RSAPublicKey():
            rsa_numbers = public.public_numbers()
            return {"kty": "RSA", "n": _unsigned(rsa_numbers.n), "e": _unsigned(rsa_numbers.e)}
        case ed25519.Ed25519PublicKey():
            return {"kty": "OKP", "crv": "Ed25519", "x": encode(public.public_bytes_raw())}
        case _:
            algorithm_of(public)  # raises ValueError for another curve
            point = public.public_numbers()
            x, y = (encode(each.to_bytes(_COORDINATE_BYTES, "big")) for each in (point.x, point.y))
            return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


@enforces(MALFORMED)
def members_of(value: object, error: type[Refusal]) -> Mapping[str, Any]:
    """RFC 7517 §4: an object with ``kty``, whose common members are texts."""
    if not isinstance(value, Mapping):
        raise error(MALFORMED, "The key is malformed", presented=type(value).__name__)
    wrong = [name for name in ("kty", "crv", "kid", "alg", "use") if not isinstance(value.get(name, ""), str)]
    if wrong or "kty" not in value:
        raise error(MALFORMED, "The key is malformed", malformed=wrong or ["kty"])
    return value


@enforces(SYMMETRIC)
def check_not_symmetric(jwk: Mapping[str, Any], error: type[Refusal]) -> None:
    """RFC 9449 §4.2: an asymmetric key. Whoever verifies with a shared secret could have signed."""
    if jwk["kty"] == "oct":
        raise error(SYMMETRIC, "The key is symmetric", presented="oct")


@enforces(PRIVATE)
def check_not_private(jwk: Mapping[str, Any], error: type[Refusal]) -> None:
    """RFC 9449 §4.2, §4.3: a private key that was sent is a key that others have."""
    private = [name for name in _PRIVATE_MEMBERS if name in jwk and jwk["kty"] != "oct"]
    if private:
        raise error(PRIVATE, "The key contains private members", presented=private)


@enforces(KIND)
def check_kind(jwk: Mapping[str, Any], error: type[Refusal]) -> None:
    """FAPI 2.0 §5.4.1: P-256 for ES256, RSA for PS256, Ed25519 for EdDSA."""
    if _kind(jwk) not in _KINDS:
        raise error(
            KIND,
            "The key type or curve is not supported",
            expected=[crv or kty for kty, crv in _KINDS],
            presented=" ".join(filter(None, (jwk["kty"], jwk.get("crv"))))[:100],
        )


@enforces(NUMBERS)
def load(jwk: Mapping[str, Any], error: type[Refusal]) -> PublicKey:
    """RFC 7518 §6.2.1, §6.3.1, RFC 8037 §2: canonical numbers, a point on its curve."""
    try:
        return _loaded(jwk)
    except ValueError as problem:
        raise error(NUMBERS, "The key's numbers are invalid", problem=str(problem)[:200]) from None


@enforces(WEAK)
def check_strength(key: PublicKey, error: type[Refusal]) -> None:
    """FAPI 2.0 §5.4.1: RSA keys of 2048 bits and more; none with which anyone can sign."""
    if isinstance(key, rsa.RSAPublicKey):
        bits, exponent = key.key_size, key.public_numbers().e
        if not SHORTEST_RSA_KEY_BITS <= bits <= LONGEST_RSA_KEY_BITS:
            expected = f"{SHORTEST_RSA_KEY_BITS} to {LONGEST_RSA_KEY_BITS} bits"
            raise error(WEAK, "The key has an unsuitable size", expected=expected, presented=bits)
        if exponent < SMALLEST_RSA_EXPONENT or exponent.bit_length() > LONGEST_RSA_EXPONENT_BITS:
            expected = f"an exponent of {SMALLEST_RSA_EXPONENT} or more, in 32 bits"
            raise error(WEAK, "The key has an unsuitable exponent", expected=expected, presented=exponent)
    if isinstance(key, ed25519.Ed25519PublicKey):
        y = int.from_bytes(key.public_bytes_raw(), "little") & (2**255 - 1)
        if y >= _FIELD or y in _SMALL_ORDER:
            raise error(
                WEAK, "The key has a small order", expected="a point of large order", presented=str(y)
            )


@enforces(PURPOSE)
def check_purpose(jwk: Mapping[str, Any], error: type[Refusal]) -> None:
    """RFC 7517 §4.2, §4.3: where the key says what it is for, signatures are among it."""
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        presented = f"use {jwk.get('use')!r}, key_ops {operations!r}"[:200]
        raise error(PURPOSE, "The key is not for signatures", expected="sig", presented=presented)


@enforces(ALGORITHM)
def check_algorithm(jwk: Mapping[str, Any], key: PublicKey, error: type[Refusal]) -> None:
    """RFC 7517 §4.4: where the key names its algorithm, it is the one that keys of its kind have here."""
    expected = algorithm_of(key)
    if jwk.get("alg", expected) != expected:
        raise error(
            ALGORITHM,
            "The key is for another algorithm",
            expected=expected,
            presented=str(jwk["alg"])[:100],
        )


def _kind(jwk: Mapping[str, Any]) -> tuple[str, str | None]:
    return (jwk["kty"], None if jwk["kty"] == "RSA" else jwk.get("crv"))


def _loaded(jwk: Mapping[str, Any]) -> PublicKey:
    """Raises ValueError; its text holds nothing of the key."""
    octets = [_octets(jwk, name) for name in _KINDS[_kind(jwk)]]
    match jwk["kty"]:
        case "RSA":
            if any(each[:1] == b"\0" for each in octets):
                raise ValueError("a number has more octets than it needs")  # RFC 7518 §2, Base64urlUInt
            modulus, exponent = (int.from_bytes(each, "big") for each in octets)
            if modulus.bit_length() > 2 * LONGEST_RSA_KEY_BITS:
                raise ValueError("the modulus is far too long")
            with parsing("the RSA numbers"):
                return rsa.RSAPublicNumbers(exponent, modulus).public_key()
        case "OKP":
            with parsing("the point"):
                return ed25519.Ed25519PublicKey.from_public_bytes(octets[0])
    if any(len(each) != _COORDINATE_BYTES for each in octets):
        raise ValueError("a coordinate has not the length of its curve")  # RFC 7518 §6.2.1.2
    x, y = (int.from_bytes(each, "big") for each in octets)
    with parsing("the point"):
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _octets(jwk: Mapping[str, Any], name: str) -> bytes:
    value = jwk.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"the member {name} is missing or no text")
    try:
        return decode(value)
    except ValueError as problem:
        raise ValueError(f"the member {name} is {problem}") from None


def _unsigned(number: int) -> str:
    """RFC 7518 §2, Base64urlUInt: as many octets as the number needs."""
    return encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))
