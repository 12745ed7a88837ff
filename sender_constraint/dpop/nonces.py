"""Nonces that a server gives to its callers, without remembering any.

RFC 9449 §8, §9 and §11.3 (https://www.rfc-editor.org/rfc/rfc9449). A nonce carries the interval in which it
was issued and the epoch of the replay store that was known then, under an HMAC: all processes of a server
that share the key issue and recognize the same ones, and a restart invalidates none. Each server has its own
key, so that a nonce of one means nothing to another. Any caller can ask for nonces, so that they do not tell
one caller from another: what they prove is that a proof was made after the nonce was issued.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime

from sender_constraint.jose.jws import decode, encode

DEFAULT_SECONDS = 60.0
_INTERVAL_BYTES = 8
_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Nonces:
    """The nonces of one server.

    key: secret, of this server alone. seconds: after so many the nonce changes; the one before it is accepted
    too, so that a nonce is valid for so many seconds at least and for twice as many at most.
    """

    key: bytes = field(repr=False)
    seconds: float = DEFAULT_SECONDS

    def current(self, now: datetime, epoch: bytes = b"") -> str:
        """The nonce to offer. now: aware. epoch: of the replay store; empty if it is not known."""
        return self._of(self._interval(now), epoch)

    def is_good(self, nonce: str, now: datetime) -> bool:
        """Whether it is one of this interval or of the one before."""
        read = self._read(nonce)
        return read is not None and self._interval(now) - read[0] in (0, 1)

    def epoch_of(self, nonce: str | None) -> bytes:
        """The epoch that a nonce of this server names, however old it is; empty if there is none."""
        read = self._read(nonce or "")
        return read[1] if read else b""

    def turned(self, nonce: str | None, now: datetime, epoch: bytes = b"") -> str | None:
        """The nonce to offer in a good answer (RFC 9449 §8.2); None while the caller's is current."""
        current = self.current(now, epoch)
        return None if nonce == current else current

    def _interval(self, now: datetime) -> int:
        return int(now.timestamp() // self.seconds)

    def _of(self, interval: int, epoch: bytes) -> str:
        content = interval.to_bytes(_INTERVAL_BYTES, "big", signed=True) + epoch
        return encode(content + self._mac(content))

    def _mac(self, content: bytes) -> bytes:
        return hmac.new(self.key, content, hashlib.sha256).digest()[:_MAC_BYTES]

    def _read(self, nonce: str) -> tuple[int, bytes] | None:
        """Interval and epoch of a nonce of this server, in its one spelling; None for any other text."""
        try:
            octets = decode(nonce)
        except ValueError:
            return None
        content, mac = octets[:-_MAC_BYTES], octets[-_MAC_BYTES:]
        if len(content) < _INTERVAL_BYTES or not hmac.compare_digest(self._mac(content), mac):
            return None
        return int.from_bytes(content[:_INTERVAL_BYTES], "big", signed=True), content[_INTERVAL_BYTES:]
