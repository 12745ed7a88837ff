"""Signing keys, and their public halves as JSON Web Keys.

RFC 7517, https://www.rfc-editor.org/rfc/rfc7517; RFC 7518 §6.2 for keys on P-256. Only ES256 is here.
"""

import base64
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sender_constraint.core.thumbprints import jwk_thumbprint

ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key on P-256. kid: its RFC 7638 thumbprint, so that a kid can never mean two keys."""

    private_key: ec.EllipticCurvePrivateKey
    kid: str

    def public_jwk(self) -> dict[str, str]:
        """The public half as a JWK, with what it is for (RFC 7517 §4)."""
        return _public_members(self.private_key.public_key()) | {
            "kid": self.kid,
            "use": "sig",
            "alg": ALGORITHM,
        }


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one moment: the one that signs, and all that are published, the signing one among them."""

    signing: SigningKey
    published: tuple[SigningKey, ...]

    def public_jwks(self) -> dict[str, list[dict[str, str]]]:
        """The JWK Set of the published keys (RFC 7517 §5), public members only."""
        return {"keys": [key.public_jwk() for key in self.published]}


def signing_key(private_key: ec.EllipticCurvePrivateKey) -> SigningKey:
    """A private key with its kid. Raises ValueError for another curve than P-256."""
    if not isinstance(private_key.curve, ec.SECP256R1):
        raise ValueError("ES256 signs with a key on P-256")
    return SigningKey(private_key, jwk_thumbprint(_public_members(private_key.public_key())))


def signing_key_from_pem(pem: bytes) -> SigningKey:
    """A signing key from PKCS#8. Raises ValueError for anything else."""
    private_key = load_pem_private_key(pem, password=None)
    if not isinstance(private_key, ec.EllipticCurvePrivateKey):
        raise ValueError("ES256 signs with a key on P-256")
    return signing_key(private_key)


def _public_members(public_key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = public_key.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}


def _coordinate(value: int) -> str:
    """RFC 7518 §6.2.1.2: base64url, unpadded, of exactly 32 octets."""
    return base64.urlsafe_b64encode(value.to_bytes(32, "big")).rstrip(b"=").decode()
