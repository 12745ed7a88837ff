"""How many introspections callers can cause: for each certificate of the scheme, and for all others together.

An opaque token says nothing by itself, so that a guess costs the issuer (RFC 7662 §2,
https://www.rfc-editor.org/rfc/rfc7662) as much as a token. Above the limit the answer is 429 (RFC 6585 §4,
https://www.rfc-editor.org/rfc/rfc6585). A certificate identifies a caller where an authority of the scheme
issued it: self-made ones and DPoP keys cost nothing, and share one limit with callers that have none.

The limits are those of one process. Each is a bucket: so many at once, and as many again each minute.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from sender_constraint.core.errors import TooManyRequests
from sender_constraint.core.rules import Rule, enforces, rule

PER_CERTIFICATE = rule(
    "introspection-limit.certificate", "RFC 6585 §4", "Too many introspections caused by one certificate."
).explained(
    "at most {expected} tokens per minute and certificate that the issuer has not yet reported as active",
    "one more",
    "Wait for the number of seconds in Retry-After, and send the token that the authorization server issued.",
)
UNIDENTIFIED = rule(
    "introspection-limit.unidentified",
    "RFC 6585 §4",
    "Too many introspections caused by callers without a certificate.",
).explained(
    "at most {expected} tokens per minute that the issuer has not yet reported as active, from all "
    "callers without a certificate of the scheme together",
    "one more",
    "Wait for the number of seconds in Retry-After, or call with a certificate of the scheme.",
)

DEFAULT_PER_MINUTE = 60
# Of certificates of the scheme, of which each has a bucket; the one least recently used gives way.
REMEMBERED_CERTIFICATES = 1024


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class IntrospectionLimits:
    """What callers have left of their limits. Safe among threads and greenlets.

    per_certificate, unidentified: introspections a minute. monotonic: seconds, as ``time.monotonic``.
    """

    def __init__(
        self,
        per_certificate: int = DEFAULT_PER_MINUTE,
        unidentified: int = DEFAULT_PER_MINUTE,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_certificate = per_certificate
        self._unidentified = unidentified
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._shared = _Bucket(unidentified, monotonic())
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def check(self, thumbprint: str | None) -> None:
        """Use up one introspection. thumbprint: of a certificate of the scheme; None for any other caller.

        Raises TooManyRequests.
        """
        if thumbprint is None:
            self.check_unidentified()
        else:
            self.check_certificate(thumbprint)

    @enforces(PER_CERTIFICATE)
    def check_certificate(self, thumbprint: str) -> None:
        """RFC 6585 §4: the floods of others cost a certificate of the scheme nothing."""
        with self._lock:
            full = _Bucket(self._per_certificate, self._monotonic())
            bucket = self._buckets.setdefault(thumbprint, full)
            self._buckets.move_to_end(thumbprint)
            while len(self._buckets) > REMEMBERED_CERTIFICATES:
                self._buckets.popitem(last=False)
            wait = self._seconds_until_one(bucket, self._per_certificate)
        if wait:
            raise _too_many(PER_CERTIFICATE, self._per_certificate, wait)

    @enforces(UNIDENTIFIED)
    def check_unidentified(self) -> None:
        """RFC 6585 §4: callers that can change their identity at will share one limit."""
        with self._lock:
            wait = self._seconds_until_one(self._shared, self._unidentified)
        if wait:
            raise _too_many(UNIDENTIFIED, self._unidentified, wait)

    def __len__(self) -> int:
        """How many certificates are remembered."""
        return len(self._buckets)

    def _seconds_until_one(self, bucket: _Bucket, per_minute: int) -> float:
        """Take one from a bucket: 0, or how long until there is one."""
        now = self._monotonic()
        bucket.left = min(per_minute, bucket.left + (now - bucket.at) * per_minute / 60)
        bucket.at = now
        if bucket.left < 1:
            return (1 - bucket.left) * 60 / per_minute
        bucket.left -= 1
        return 0.0


def _too_many(broken: Rule, per_minute: int, wait: float) -> TooManyRequests:
    return TooManyRequests(
        broken, "Too many unknown access tokens", retry_after_seconds=math.ceil(wait), expected=per_minute
    )
