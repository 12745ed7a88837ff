"""Proofs that are valid but for what a test changes, and a replay memory that needs no server."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from sender_constraint.core.replay import OneTimeUse, ReplayMemoryUnavailable, Use
from sender_constraint.dpop.nonces import Nonces
from sender_constraint.dpop.proof import VerifiedProof, verify_proof
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of
from tests.sender_constraint.pki import NOW

METHOD = "POST"
URL = "https://as.example/token"
ABSENT = object()
NONCES = Nonces(b"of this server", seconds=60)
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
KEYS: dict[str, jws.PrivateKey] = {
    "ES256": KEY,
    "PS256": rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


@dataclass
class Memory:
    """Remembers what was shown, and until when; ``away`` switches it off.

    began_at: of its epoch, seconds since 1970.
    """

    shown: dict[str, float] = field(default_factory=dict)
    away: bool = False
    epoch: bytes = b"epoch"
    began_at: float = float("-inf")

    def begin_epoch(self, epoch: bytes, began_at: float) -> None:
        """It loses what it held."""
        self.shown.clear()
        self.epoch, self.began_at = epoch, began_at

    def record(self, use: OneTimeUse) -> Use:
        if self.away:
            raise ReplayMemoryUnavailable("connection refused")
        if use.key in self.shown:
            return Use.REPEATED
        if use.epoch != self.epoch and use.usable_from <= self.began_at:
            return Use.UNKNOWN
        self.shown[use.key] = use.usable_until
        return Use.FIRST


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
    """nonces: those that are required; None where none are."""
    nonces: Nonces | None = more.pop("nonces", None)
    return verify_proof(
        (presented,) if isinstance(presented, str) else presented,
        method,
        url,
        now=now,
        nonces=nonces or NONCES,
        nonce_required=nonces is not None,
        replay=memory or Memory(),
        **more,
    )
