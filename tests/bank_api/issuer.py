"""An authorization server of the tests: its key, its tokens, and its metadata as it publishes them."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from sender_constraint.jose.status_lists import MEDIA_TYPE, list_of_invalid
from tests.sender_constraint.pki import NOW

ISSUER = "https://localhost:8441"
RESOURCE = "https://localhost:8442"
STATUS_LIST = f"{ISSUER}/status-lists/1"
METADATA = {
    "issuer": ISSUER,
    "jwks_uri": f"{ISSUER}/jwks",
    "introspection_endpoint": f"{ISSUER}/introspect",
}


@dataclass
class TestIssuer:
    """Signs what it is told to; ``reachable`` switches it off.

    revoked: the indices of the revoked tokens of its one status list. opaque: the introspection answers about
    its opaque tokens. asked: the paths of all requests, in order.
    """

    __test__ = False

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    reachable: bool = True
    revoked: set[int] = field(default_factory=set)
    opaque: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

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

    def status_list(self, **changes: Any) -> str:
        """Its status list, signed, with these claims changed."""
        claims = {
            "iss": ISSUER,
            "sub": STATUS_LIST,
            "iat": int(NOW.timestamp()),
            "status_list": list_of_invalid(64, self.revoked).members(),
        }
        return self.signed({"alg": "ES256", "typ": "statuslist+jwt", "kid": "key-1"}, claims | changes)

    def client(self) -> httpx.Client:
        """A client to which this issuer answers, or does not."""
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if not self.reachable:
            raise httpx.ConnectError("connection refused", request=request)
        self.asked.append(request.url.path)
        match request.url.path:
            case "/.well-known/oauth-authorization-server":
                return httpx.Response(200, json=METADATA)
            case "/status-lists/1":
                return httpx.Response(200, text=self.status_list(), headers={"Content-Type": MEDIA_TYPE})
            case "/introspect":
                (token,) = parse_qs(request.content.decode())["token"]
                return httpx.Response(200, json=self.opaque.get(token, {"active": False}))
        jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
        return httpx.Response(200, json={"keys": [{**jwk, "kid": "key-1", "use": "sig", "alg": "ES256"}]})


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
