"""An issuer in memory, for the tests of the resource server."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from sender_constraint.core.confirmation import certificate_confirmation
from sender_constraint.resource_server.access_token import AccessTokenVerifier
from tests.sender_constraint.pki import NOW
from tests.sender_constraint.resource_server.malformed_tokens import ABSENT, encoded

ISSUER = "https://as.example"
RESOURCE = "https://api.example"
KEY_IDENTIFIER = "key-1"
SIGNING_KEY = ec.generate_private_key(ec.SECP256R1())
HEADER = {"typ": "at+jwt", "alg": "ES256", "kid": KEY_IDENTIFIER}
ISSUED_AT = int(NOW.timestamp())
LIFETIME = 300


class FixedKeys:
    """Keys that need no discovery."""

    def key(self, key_identifier: str, algorithm: str) -> ec.EllipticCurvePublicKey | None:
        return SIGNING_KEY.public_key() if (key_identifier, algorithm) == (KEY_IDENTIFIER, "ES256") else None


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a valid token, with some changed or left out."""
    valid = {
        "iss": ISSUER,
        "exp": ISSUED_AT + LIFETIME,
        "aud": RESOURCE,
        "sub": "partner",
        "client_id": "partner",
        "iat": ISSUED_AT,
        "jti": "0d1c5f",
        "scope": "accounts payments",
        "cnf": certificate_confirmation(b"the partner's certificate"),
    }
    return {name: value for name, value in {**valid, **changes}.items() if value is not ABSENT}


def sign(
    payload: dict[str, Any] | bytes,
    header: dict[str, Any] | bytes = HEADER,
    key: ec.EllipticCurvePrivateKey = SIGNING_KEY,
) -> str:
    """The compact serialization of any header and payload, with an ES256 signature."""
    signed = f"{encoded(header)}.{encoded(payload)}"
    signature = ECAlgorithm(hashes.SHA256).sign(signed.encode(), key)
    return f"{signed}.{encoded(signature)}"


def verifier(
    now: datetime | None = None, *, clock: Callable[[], datetime] | None = None, **leeway: Any
) -> AccessTokenVerifier:
    moment = now or NOW
    return AccessTokenVerifier(ISSUER, RESOURCE, FixedKeys(), clock or (lambda: moment), **leeway)


def at(offset_seconds: float) -> datetime:
    """A moment so many seconds after the token was issued."""
    return datetime.fromtimestamp(ISSUED_AT + offset_seconds, UTC)


def public_jwk(key: ec.EllipticCurvePrivateKey = SIGNING_KEY, **members: Any) -> dict[str, Any]:
    """The key as an authorization server publishes it."""
    jwk: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**jwk, "kid": KEY_IDENTIFIER, "use": "sig", "alg": "ES256", **members}


def private_jwk(key: ec.EllipticCurvePrivateKey = SIGNING_KEY, **members: Any) -> dict[str, Any]:
    value = key.private_numbers().private_value.to_bytes(32, "big")
    return public_jwk(key, d=base64.urlsafe_b64encode(value).rstrip(b"=").decode(), **members)


def decoded(token: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(jwt.utils.base64url_decode(token.split(".")[1]))
    return document
