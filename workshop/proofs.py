"""DPoP proofs in the workshop: good ones, and any that somebody would rather have (RFC 9449 §4.2).

https://www.rfc-editor.org/rfc/rfc9449
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of

ABSENT = object()
"""In place of a member's value: the member is left out."""


def token_hash(token: str) -> str:
    """``ath``: base64url, unpadded, SHA-256 (RFC 9449 §4.2)."""
    return jws.encode(hashlib.sha256(token.encode()).digest())


def now() -> int:
    """In seconds since 1970."""
    return int(datetime.now(UTC).timestamp())


def signed(header: Mapping[str, Any] | bytes, claims: Mapping[str, Any] | bytes, key: jws.PrivateKey) -> str:
    """Any header and payload, as they are, with a true signature over them by the key."""
    parts = (each if isinstance(each, bytes) else json.dumps(each).encode() for each in (header, claims))
    octets = ".".join(jws.encode(part) for part in parts)
    return f"{octets}.{jws.encode(jws.signature_of(octets, key))}"


@dataclass(frozen=True)
class Proofs:
    """What one key signs beside one token, for one address.

    url: as the service publishes it, wherever it listens. nonce: of the service, where it asked for one.
    """

    key: jws.PrivateKey = field(repr=False)
    token: str
    url: str
    nonce: object = ABSENT

    def header(self, **changes: Any) -> dict[str, Any]:
        """Of a good proof, but for these members."""
        good = {"typ": "dpop+jwt", "alg": jws.algorithm_of(self.key), "jwk": jwk_of(self.key)}
        return _present(good | changes)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Of a good proof that is made now, but for these claims."""
        good = {
            "jti": secrets.token_urlsafe(16),
            "htm": "GET",
            "htu": self.url,
            "iat": now(),
            "ath": token_hash(self.token),
            "nonce": self.nonce,
        }
        return _present(good | changes)

    def proof(self, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """A good proof, but for these members of its header and these claims."""
        return signed(self.header(**(header or {})), self.claims(**claims), self.key)


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ABSENT}
