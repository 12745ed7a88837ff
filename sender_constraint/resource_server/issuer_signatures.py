"""The algorithms with which an authorization server may sign, and the keys that go with each.

RFC 7518, JSON Web Algorithms, §3 (https://www.rfc-editor.org/rfc/rfc7518); RFC 8037 §3.1 for Ed25519
(https://www.rfc-editor.org/rfc/rfc8037); RFC 7517 §4 (https://www.rfc-editor.org/rfc/rfc7517). RS256 is here
for authorization servers that know no other: FAPI 2.0 does not have it, and nothing accepts it unasked.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from sender_constraint.core.untrusted_input import MalformedInput, public_key_from_jwk

IssuerKey = EllipticCurvePublicKey | Ed25519PublicKey | RSAPublicKey

# RFC 8725 §3.1: asymmetric ones only. What each takes as its key (RFC 7518 §6, RFC 8037 §2).
_KEY_TYPES = {"ES256": "EC", "PS256": "RSA", "RS256": "RSA", "EdDSA": "OKP"}
ALGORITHMS = tuple(_KEY_TYPES)
# FAPI 2.0 Security Profile §5.4.1.
FAPI_ALGORITHMS = ("ES256", "PS256", "EdDSA")
SHORTEST_RSA_KEY_BITS = 2048

_JWS = jwt.PyJWS(algorithms=list(ALGORITHMS))


def verification_key(jwk: Any, algorithm: str) -> IssuerKey | None:
    """The key of a JWK, if it is a public one that verifies this algorithm; None for any other."""
    if not _is_for(jwk, algorithm):
        return None
    try:
        key = public_key_from_jwk(jwk, algorithm)
    except MalformedInput:
        return None
    return cast(IssuerKey, key) if fits(key, algorithm) else None


def fits(key: object, algorithm: str) -> bool:
    """Whether this is a public key for this algorithm, and long enough (RFC 7518 §3.3, §3.4, §3.5)."""
    match algorithm:
        case "ES256":
            return isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
        case "PS256" | "RS256":
            return isinstance(key, RSAPublicKey) and key.key_size >= SHORTEST_RSA_KEY_BITS
        case "EdDSA":
            return isinstance(key, Ed25519PublicKey)
    return False


def verify(token: str, key: IssuerKey, algorithm: str) -> None:
    """RFC 7515 §5.2. algorithm: the verifier's choice. Raises jwt.PyJWTError, ValueError or TypeError."""
    if not fits(key, algorithm):
        raise ValueError(f"the key is none for {algorithm}")
    _JWS.decode(token, key=key, algorithms=[algorithm])


def unknown_algorithms(names: Sequence[str]) -> list[str]:
    """Those of these names that are none of ``ALGORITHMS``."""
    return [name for name in names if name not in ALGORITHMS]


def _is_for(jwk: Any, algorithm: str) -> bool:
    """RFC 7517 §4: of the right type, for signatures and for this algorithm, public, and with a name."""
    return (
        isinstance(jwk, Mapping)
        and jwk.get("kty") == _KEY_TYPES[algorithm]
        and jwk.get("use", "sig") == "sig"
        and jwk.get("alg", algorithm) == algorithm
        and "d" not in jwk
        and isinstance(jwk.get("kid"), str)
        and jwk["kid"] != ""
    )
