"""The authorization server's public keys: discovered, cached, refreshed within bounds.

RFC 8414, OAuth 2.0 Authorization Server Metadata, §3 (https://www.rfc-editor.org/rfc/rfc8414); RFC 7517,
JSON Web Key, §4 and §5 (https://www.rfc-editor.org/rfc/rfc7517).
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from sender_constraint.http.background_thread import Completion, native_lock, start_in_background
from sender_constraint.resource_server.issuer_signatures import IssuerKey
from sender_constraint.resource_server.key_discovery import (
    MAX_SECONDS,
    DiscoveredKeys,
    DiscoveryFailed,
    Keys,
    discover_keys,
)

logger = logging.getLogger(__name__)

# An answer takes at most ``MAX_SECONDS``; this is for one that is on its way then.
LONGEST_WAIT_SECONDS = 2 * MAX_SECONDS


class KeysUnavailable(Exception):
    """Keys that are recent enough cannot be had: nothing can be said about a token, good or bad.

    It is no Refusal of the token: answer it with 503 and ``Retry-After`` (RFC 9110 §15.6.4).
    reason: for the audit trail.
    """

    def __init__(self, reason: str, retry_after_seconds: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class _Snapshot:
    keys: Keys
    fetched_at: float
    fresh_seconds: float


class IssuerKeys:
    """One issuer's verification keys, shared by all threads of a process.

    client: trusts the issuer's server certificate; it belongs to the caller, who closes it. It is used in the
        background only (``background_thread``).
    algorithms: of the keys that are wanted. jwks_uri: where they are, of an issuer without metadata.
    fresh_seconds: for so long keys are used without asking again, or for the ``max-age`` that came with them
        if that is less: whoever withdraws a key is heard in time.
    max_stale_seconds: for so long, counted from their fetching, they are used while asking fails.
    refresh_interval_seconds: an unknown ``kid`` makes the keys be asked for again, but not more often than
        this, or anyone could have the issuer asked at will.
    retry_seconds: how long a failure keeps from asking again.
    monotonic: seconds, as ``time.monotonic``.
    """

    def __init__(
        self,
        issuer: str,
        client: httpx.Client,
        *,
        algorithms: Sequence[str] = ("ES256",),
        jwks_uri: str = "",
        fresh_seconds: float = 300,
        max_stale_seconds: float = 3600,
        refresh_interval_seconds: float = 5,
        retry_seconds: float = 1,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._client = client
        self._algorithms = tuple(algorithms)
        self._jwks_uri = jwks_uri
        self._fresh_seconds = fresh_seconds
        self._max_stale_seconds = max_stale_seconds
        self._refresh_interval_seconds = refresh_interval_seconds
        self._retry_seconds = retry_seconds
        self._monotonic = monotonic
        self._snapshot: _Snapshot | None = None
        self._failure: str | None = None
        self._next_attempt_at = float("-inf")
        self._lock = native_lock()
        self._in_flight: Completion | None = None

    def key(self, key_identifier: str, algorithm: str = "ES256") -> IssuerKey | None:
        """The key of this ``kid`` that verifies this algorithm; None if the issuer has none.

        Raises KeysUnavailable if there are no keys younger than ``max_stale_seconds``, and for an unknown
        ``kid`` if the issuer could not be asked about it.
        """
        snapshot = self._usable()
        wanted = (key_identifier, algorithm)
        known = snapshot.keys.get(wanted) if snapshot else None
        if known is not None and snapshot is not None and self._age(snapshot) < snapshot.fresh_seconds:
            return known
        # Whoever has a key that still serves does not wait for another one's refresh.
        self._refresh(wait=known is None)
        snapshot = self._usable()
        if snapshot is None:
            raise KeysUnavailable(self._failure or "the issuer's keys are too old", self._retry_seconds)
        known = snapshot.keys.get(wanted)
        if known is None and self._failure is not None:
            raise KeysUnavailable(self._failure, self._retry_seconds)
        return known

    def _age(self, snapshot: _Snapshot) -> float:
        return self._monotonic() - snapshot.fetched_at

    def _usable(self) -> _Snapshot | None:
        snapshot = self._snapshot
        return snapshot if snapshot and self._age(snapshot) < self._max_stale_seconds else None

    def _refresh(self, *, wait: bool) -> None:
        """Ask the issuer, unless that was done a moment ago; one question at a time, in the background.

        The caller that begins it waits for it; any other only where it has no key.
        """
        with self._lock:
            in_flight, begins = self._in_flight, False
            if in_flight is None:
                if self._monotonic() < self._next_attempt_at:
                    return
                self._in_flight = in_flight = Completion()
                begins = True
        if begins:
            self._begin(in_flight)
        if wait or begins:
            in_flight.wait(LONGEST_WAIT_SECONDS)

    def _begin(self, asked: Completion) -> None:
        try:
            start_in_background(lambda: self._ask_for(asked))
        except RuntimeError as problem:  # the machine has no thread left
            self._failed(str(problem))
            self._finish(asked)

    def _ask_for(self, asked: Completion) -> None:
        try:
            self._ask()
        except BaseException as defect:
            self._failed(f"{type(defect).__name__}: {defect}")
            raise
        finally:
            self._finish(asked)

    def _finish(self, asked: Completion) -> None:
        with self._lock:
            self._in_flight = None
        asked.set()

    def _failed(self, problem: str) -> None:
        self._failure = problem
        self._next_attempt_at = self._monotonic() + self._retry_seconds

    def _ask(self) -> None:
        try:
            discovered = discover_keys(
                self._client, self._issuer, self._monotonic, self._algorithms, self._jwks_uri
            )
        except DiscoveryFailed as failure:
            logger.warning("the keys of %s could not be fetched: %s", self._issuer, failure)
            self._failed(str(failure))
        else:
            self._snapshot = _Snapshot(discovered.keys, self._monotonic(), self._fresh_for(discovered))
            self._failure = None
            self._next_attempt_at = self._monotonic() + self._refresh_interval_seconds

    def _fresh_for(self, discovered: DiscoveredKeys) -> float:
        if discovered.max_age_seconds is None:
            return self._fresh_seconds
        # Not less than the interval, or each token would have the issuer asked.
        return min(self._fresh_seconds, max(discovered.max_age_seconds, self._refresh_interval_seconds))
