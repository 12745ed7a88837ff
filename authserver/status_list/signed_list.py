"""The signed list: a Status List Token as a JWT.

draft-ietf-oauth-status-list-21 §5.1
(https://datatracker.ietf.org/doc/html/draft-ietf-oauth-status-list-21).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from authserver.keys.signing_keys import ALGORITHM, SigningKey
from sender_constraint.jose.status_lists import TYPE, list_of_invalid

# For so long a signed list holds, for whoever got it in another way than by asking now.
LIFETIME_SECONDS = 120
# So often it is another one, though it says the same: nobody is told to keep a list until it ends, and to no
# clock that is a minute fast it seems to have ended.
RENEWED_SECONDS = 30


@dataclass(frozen=True, slots=True)
class ListContent:
    """What is in a list. uri: its address. size: how many places it has. revoked: those of revoked tokens."""

    uri: str
    size: int
    revoked: Sequence[int]

    def entity_tag(self, key: SigningKey, now: int) -> str:
        """A weak entity tag (RFC 9110 §8.8.3): signatures of one list differ. now: seconds since 1970.

        Another one every ``RENEWED_SECONDS``.
        """
        told = (self.uri, self.size, sorted(self.revoked), key.kid, now // RENEWED_SECONDS)
        return f'W/"{hashlib.sha256(repr(told).encode()).hexdigest()[:32]}"'

    def claims(self, issuer: str, ttl_seconds: int, now: int) -> dict[str, Any]:
        """§5.1, with ``iss``, which our APIs compare to the token's. ttl_seconds: how long to keep it."""
        return {
            "iss": issuer,
            "sub": self.uri,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "ttl": ttl_seconds,
            "status_list": list_of_invalid(self.size, self.revoked).members(),
        }


def signed(claims: dict[str, Any], key: SigningKey) -> str:
    """The list as a JWS in compact form with ``typ`` statuslist+jwt (§5.1)."""
    return jwt.encode(claims, key.private_key, ALGORITHM, headers={"typ": TYPE, "kid": key.kid})
