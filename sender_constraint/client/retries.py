"""Trying again: only what may be repeated, only for what passes, and only for so long.

RFC 9110 §9.2.2 says which methods may be repeated. A POST may be, if it carries an ``Idempotency-Key``:
the server then answers the repetition as it answered the first, and does nothing twice.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from sender_constraint.certificates.checked_servers import NotSent, ServerNotTrusted, StatusNotKnown
from sender_constraint.client.server_verification import verification_error

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
PASSING_STATUSES = frozenset({502, 503, 504})
SHORTEST_ATTEMPT_SECONDS = 0.1

_uniform = random.SystemRandom().uniform


def _sleep(seconds: float) -> None:
    time.sleep(seconds)  # looked up now, so that gevent may have replaced it after this module was imported


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and for how long to try.

    total_seconds: for all attempts and the pauses between them; attempt_seconds: for one.
    unknown_issuer_seconds: for all attempts at a server of whose issuer no status was ever obtained.
    Pauses double from the first to the longest, each shortened by up to half at random, so that
    clients that failed together do not return together. ``Retry-After`` lengthens a pause.
    """

    attempts: int = 20
    attempt_seconds: float = 10.0
    total_seconds: float = 30.0
    first_pause_seconds: float = 0.1
    longest_pause_seconds: float = 2.0
    unknown_issuer_seconds: float = 5.0

    def pause(self, attempt: int) -> float:
        """Seconds to wait after this attempt, the first being 1."""
        longest = min(self.longest_pause_seconds, self.first_pause_seconds * 2.0 ** (attempt - 1))
        return _uniform(longest / 2, longest)


@dataclass(frozen=True, slots=True)
class Retries:
    """A retry policy with its clock, in seconds, and its way to wait."""

    policy: RetryPolicy = RetryPolicy()
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = _sleep

    def send(self, attempt: Callable[[float], httpx.Response], *, repeatable: bool) -> httpx.Response:
        """Attempt, and again while it makes sense; returns the last response.

        attempt: gets the seconds that it may take. repeatable: whether a second one does no harm, after one
        that may have arrived.
        Raises the last attempt's httpx.TransportError.
        """
        started = self.monotonic()
        deadline = started + self.policy.total_seconds
        number = 0
        while True:
            number += 1
            left = max(deadline - self.monotonic(), SHORTEST_ATTEMPT_SECONDS)
            seconds = min(self.policy.attempt_seconds, left)
            last = number >= self.policy.attempts
            try:
                response = attempt(seconds)
            except httpx.TransportError as error:
                pause = self.policy.pause(number)
                harmless = repeatable or isinstance(error, NotSent)
                if isinstance(error, StatusNotKnown) and not error.issuer_known:
                    deadline = min(deadline, started + self.policy.unknown_issuer_seconds)
                if last or not harmless or not _passes(error) or self.monotonic() + pause >= deadline:
                    raise
            else:
                pause = max(self.policy.pause(number), _retry_after(response))
                passing = response.status_code in PASSING_STATUSES
                if last or not repeatable or not passing or self.monotonic() + pause >= deadline:
                    return response
            self.sleep(pause)


def is_repeatable(method: str, headers: httpx.Headers) -> bool:
    """Whether a request may be sent again without doing anything twice."""
    return method.upper() in IDEMPOTENT_METHODS or "idempotency-key" in headers


def _passes(error: httpx.TransportError) -> bool:
    """Whether the next attempt may fare better: a server that failed verification will fail it again."""
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError | httpx.ProxyError):
        return False
    if isinstance(error, ServerNotTrusted):
        return error.was_in_use
    return verification_error(error) is None


def _retry_after(response: httpx.Response) -> float:
    """``Retry-After`` in seconds (RFC 9110 §10.2.3).

    0 without one, and for a date, which would need equal clocks.
    """
    value = response.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0.0
