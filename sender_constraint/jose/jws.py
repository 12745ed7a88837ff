"""Signed JSON in its compact form: taken apart strictly, signed, and verified.

RFC 7515, JSON Web Signature, §2, §3.1, §5 and §7.1 (https://www.rfc-editor.org/rfc/rfc7515); RFC 7518,
JSON Web Algorithms, §3 (https://www.rfc-editor.org/rfc/rfc7518); RFC 8037 §3.1 for EdDSA
(https://www.rfc-editor.org/rfc/rfc8037). The algorithms are those of the FAPI 2.0 Security Profile, §5.4.1.

Nothing here decides what is refused: whoever reads a token checks its type, algorithm and claims, and says
which rule it breaks.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import Algorithm

from sender_constraint.jose.strict_json import parse_object

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

ES256 = "ES256"
PS256 = "PS256"
EDDSA = "EdDSA"
# FAPI 2.0 §5.4.1: PS256, ES256, or EdDSA with Ed25519; no other, and ``none`` least of all.
ALGORITHMS = (ES256, PS256, EDDSA)

MAX_HEADER_DEPTH = 3

_COMPACT_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_IMPLEMENTED: Mapping[str, Algorithm] = {
    name: algorithm
    for name, algorithm in jwt.algorithms.get_default_algorithms().items()
    if name in ALGORITHMS
}


def is_compact(token: str) -> bool:
    """RFC 7515 §7.1: header, payload and signature in base64url; not the five parts of an encrypted token."""
    return _COMPACT_FORM.fullmatch(token) is not None


def header_of(token: str) -> dict[str, Any]:
    """The JOSE header (RFC 7515 §4) of a token that ``is_compact``. Raises ValueError if it is malformed."""
    return parse_object(decode(token.split(".")[0]), maximum_depth=MAX_HEADER_DEPTH)


def payload_of(token: str) -> dict[str, Any]:
    """The claims (RFC 7519 §7.2) of a token that ``is_compact``. Raises ValueError if they are malformed."""
    return parse_object(decode(token.split(".")[1]))


def decode(part: str) -> bytes:
    """Base64url without padding (RFC 7515 §2). Raises ValueError unless it is canonical."""
    try:
        octets = jwt.utils.base64url_decode(part)
    except ValueError:
        raise ValueError("not base64url") from None
    if encode(octets) != part:
        raise ValueError("not canonical base64url")
    return octets


def encode(octets: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def algorithm_of(key: PublicKey | PrivateKey) -> str:
    """The one algorithm of a key: one of ``ALGORITHMS``. Raises ValueError for a curve that has none."""
    match key:
        case rsa.RSAPublicKey() | rsa.RSAPrivateKey():
            return PS256
        case ed25519.Ed25519PublicKey() | ed25519.Ed25519PrivateKey():
            return EDDSA
        case _ if isinstance(key.curve, ec.SECP256R1):
            return ES256
    raise ValueError(f"no algorithm signs with the curve {key.curve.name}")


def is_signed_by(token: str, key: PublicKey) -> bool:
    """Whether this key signed these very characters, by the key's own algorithm (RFC 7515 §5.2).

    The header's ``alg`` is not read: the algorithm is the verifier's choice (RFC 8725 §3.1), and whoever
    calls has compared the two.
    """
    signed, _, signature = token.rpartition(".")
    try:
        return _IMPLEMENTED[algorithm_of(key)].verify(signed.encode(), key, decode(signature))
    except ValueError:
        return False


def sign(header: Mapping[str, Any], claims: Mapping[str, Any], key: PrivateKey) -> str:
    """The compact serialization (RFC 7515 §7.1). The key's algorithm is put into the header."""
    parts = ({**header, "alg": algorithm_of(key)}, claims)
    signed = ".".join(encode(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{signed}.{encode(signature_of(signed, key))}"


def signature_of(signed: str, key: PrivateKey) -> bytes:
    """The signature over a signing input (RFC 7515 §5.1), by the key's own algorithm."""
    return _IMPLEMENTED[algorithm_of(key)].sign(signed.encode(), key)
