"""Keys of an authorization server, one for each algorithm."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class SigningKey:
    """A private key that signs with one algorithm. ``kid`` is the algorithm's name with something before."""

    algorithm: str
    private_key: PrivateKey

    @property
    def kid(self) -> str:
        return f"foreign-{self.algorithm}"

    def jwk(self) -> dict[str, Any]:
        """The public half (RFC 7517)."""
        kind = jwt.get_algorithm_by_name(self.algorithm)
        public = json.loads(kind.to_jwk(self.private_key.public_key()))
        return {**public, "kid": self.kid, "use": "sig", "alg": self.algorithm}


@cache
def signing_key(algorithm: str) -> SigningKey:
    """The key of this algorithm; making one takes a moment for RSA."""
    if algorithm == "EdDSA":
        return SigningKey(algorithm, ed25519.Ed25519PrivateKey.generate())
    if algorithm == "ES256":
        return SigningKey(algorithm, ec.generate_private_key(ec.SECP256R1()))
    return SigningKey(algorithm, rsa.generate_private_key(public_exponent=65537, key_size=2048))
