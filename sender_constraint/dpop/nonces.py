"""Nonces that a server gives to its callers, without remembering any.

RFC 9449 §8, §9 and §11.3 (https://www.rfc-editor.org/rfc/rfc9449). A nonce is the HMAC of the number of an
interval: all processes of a server that share the key make and know the same ones, and a restart forgets
none. Each server has its own key, so that a nonce of one says nothing to another. Anyone may ask for
nonces, so that they tell no caller from another: what they prove is that a proof was made lately.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

from sender_constraint.jws import encode

DEFAULT_SECONDS = 60.0
_BYTES = 16


@dataclass(frozen=True, slots=True)
class Nonces:
    """The nonces of one server.

    key: secret, of this server alone. seconds: after so many the nonce turns; the one before it counts too,
    so that a nonce is good for so many seconds at least and for twice as many at most.
    """

    key: bytes = field(repr=False)
    seconds: float = DEFAULT_SECONDS

    def current(self, now: datetime) -> str:
        """The nonce to offer. now: aware."""
        return self._of(self._interval(now))

    def is_good(self, nonce: str, now: datetime) -> bool:
        """Whether it is the current nonce or the one before."""
        interval = self._interval(now)
        presented = nonce.encode(errors="surrogatepass")
        good = [hmac.compare_digest(self._of(each).encode(), presented) for each in (interval, interval - 1)]
        return any(good)

    def turned(self, nonce: str | None, now: datetime) -> str | None:
        """The nonce to offer beside a good answer (RFC 9449 §8.2); None while the caller's is current."""
        current = self.current(now)
        return None if nonce == current else current

    def _interval(self, now: datetime) -> int:
        return int(now.timestamp() // self.seconds)

    def _of(self, interval: int) -> str:
        digest = hmac.new(self.key, interval.to_bytes(8, "big", signed=True), hashlib.sha256).digest()
        return encode(digest[:_BYTES])
