"""A client that authenticates by private_key_jwt, whose requests are valid but for what a test changes."""

import itertools
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from authserver.client_authentication.assertions import ASSERTION_TYPE
from sender_constraint.dpop.checks import TYPE
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of
from tests.authserver.caller import Caller
from tests.sender_constraint.dpop.proofs import ABSENT, signed
from tests.sender_constraint.pki import NOW

ISSUER = "https://localhost:8441"
CLIENT_ID = "asserting"
KEYS: dict[str, jws.PrivateKey] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "PS256": rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
STRANGERS_KEY = ec.generate_private_key(ec.SECP256R1())
DPOP_KEY = ec.generate_private_key(ec.SECP256R1())
JWKS = {"keys": [{**jwk_of(key), "kid": algorithm, "use": "sig"} for algorithm, key in KEYS.items()]}
METADATA: dict[str, Any] = {
    "client_id": CLIENT_ID,
    "token_endpoint_auth_method": "private_key_jwt",
    "tls_client_auth_subject_dn": None,
    "tls_client_certificate_bound_access_tokens": None,
    "dpop_bound_access_tokens": True,
    "jwks": JWKS,
}
_numbers = itertools.count()


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ABSENT}


@dataclass(frozen=True)
class Asserting:
    """Signs assertions and proofs; a change to ABSENT leaves a member out."""

    caller: Caller

    def assertion(
        self, *, key: jws.PrivateKey = KEYS["ES256"], header: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        algorithm = jws.algorithm_of(key)
        now = int(NOW.timestamp())
        payload = {
            "iss": CLIENT_ID,
            "sub": CLIENT_ID,
            "aud": ISSUER,
            "jti": f"assertion-{next(_numbers)}",
            "iat": now,
            "exp": now + 60,
        }
        head = _present({"alg": algorithm, "kid": algorithm, **(header or {})})
        return signed(head, _present({**payload, **claims}), key)

    def proof(self, *, key: jws.PrivateKey = DPOP_KEY, **claims: Any) -> str:
        payload = {
            "jti": f"proof-{next(_numbers)}",
            "htm": "POST",
            "htu": f"{ISSUER}/token",
            "iat": int(NOW.timestamp()),
        }
        head = {"typ": TYPE, "alg": jws.algorithm_of(key), "jwk": jwk_of(key)}
        return signed(head, _present({**payload, **claims}), key)

    def asks(self, *, assertion: str | None = None, proof: str | None = "", **form: Any) -> Any:
        """The response to the valid request, with an assertion, a proof (None: none), parameters changed."""
        parameters = {
            "client_id": None,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(),
        }
        headers = {} if proof is None else {"DPoP": proof or self.proof()}
        caller = self.caller.but(headers={**headers, **self.caller.headers})
        return caller.asks(**{**parameters, **form})
