"""Proofs that are valid but for what a test changes, and a replay memory that needs no server."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from sender_constraint import jws
from sender_constraint.dpop.proof import VerifiedProof, verify_proof
from sender_constraint.jwk import jwk_of
from sender_constraint.replay import ReplayMemoryUnavailable
from tests.sender_constraint.pki import NOW

METHOD = "POST"
URL = "https://as.example/token"
ABSENT = object()
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
KEYS: dict[str, jws.PrivateKey] = {
    "ES256": KEY,
    "PS256": rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


@dataclass
class Memory:
    """Remembers what was shown; ``away`` switches it off."""

    shown: dict[str, float] = field(default_factory=dict)
    away: bool = False

    def first_time(self, key: str, seconds: float, made_at: float | None = None) -> bool:
        del made_at
        if self.away:
            raise ReplayMemoryUnavailable("connection refused")
        first = key not in self.shown
        self.shown.setdefault(key, seconds)
        return first


def claims(**changes: Any) -> dict[str, Any]:
    valid = {"jti": "4f0c2a3e", "htm": METHOD, "htu": URL, "iat": int(NOW.timestamp())}
    return {name: value for name, value in {**valid, **changes}.items() if value is not ABSENT}


def header(key: jws.PrivateKey = KEY, **changes: Any) -> dict[str, Any]:
    valid = {"typ": "dpop+jwt", "alg": jws.algorithm_of(key), "jwk": jwk_of(key)}
    return {name: value for name, value in {**valid, **changes}.items() if value is not ABSENT}


def signed(head: dict[str, Any] | bytes, payload: dict[str, Any] | bytes, key: jws.PrivateKey = KEY) -> str:
    """The compact form of any header and payload, however wrong they are, truly signed by the key."""
    first, second = (
        jws.encode(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (head, payload)
    )
    return f"{first}.{second}.{jws.encode(jws.signature_of(f'{first}.{second}', key))}"


def proof(key: jws.PrivateKey = KEY, **changes: Any) -> str:
    """A valid proof with claims changed."""
    return signed(header(key), claims(**changes), key)


def verify(
    presented: str | tuple[str, ...],
    memory: Memory | None = None,
    *,
    method: str = METHOD,
    url: str = URL,
    now: datetime = NOW,
    **more: Any,
) -> VerifiedProof:
    proofs = (presented,) if isinstance(presented, str) else presented
    nonces = more.pop("nonces", None)
    return verify_proof(proofs, method, url, now=now, nonces=nonces, replay=memory or Memory(), **more)
