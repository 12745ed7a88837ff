"""An authorization server of the tests: its key, its tokens, and its metadata as it publishes them."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.sender_constraint.pki import NOW

ISSUER = "https://localhost:8441"
RESOURCE = "https://localhost:8442"


@dataclass
class TestIssuer:
    """Signs what it is told to; ``reachable`` switches it off."""

    __test__ = False

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    reachable: bool = True

    def token(self, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """A token that is valid at NOW, with these claims changed, or left out where None."""
        now = int(NOW.timestamp())
        valid = {
            "iss": ISSUER,
            "aud": RESOURCE,
            "sub": "partner",
            "client_id": "partner",
            "iat": now,
            "exp": now + 300,
            "jti": "4f0c2a3e",
            "scope": "accounts payments",
        }
        chosen = {name: value for name, value in {**valid, **changes}.items() if value is not None}
        return self.signed({"alg": "ES256", "typ": "at+jwt", "kid": "key-1", **(header or {})}, chosen)

    def signed(self, header: Any, payload: Any) -> str:
        """The compact serialization (RFC 7515 §7.1) of any header and payload, however wrong they are."""
        parts = ".".join(_base64url(json.dumps(part).encode()) for part in (header, payload))
        r, s = decode_dss_signature(self.key.sign(parts.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{parts}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def client(self) -> httpx.Client:
        """A client to which this issuer answers, or does not."""
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if not self.reachable:
            raise httpx.ConnectError("connection refused", request=request)
        if request.url.path == "/.well-known/oauth-authorization-server":
            return httpx.Response(200, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"})
        jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
        return httpx.Response(200, json={"keys": [{**jwk, "kid": "key-1", "use": "sig", "alg": "ES256"}]})


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
