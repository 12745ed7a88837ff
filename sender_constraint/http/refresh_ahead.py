"""The refresh-ahead cache: answers of other servers, kept for a bounded time and refreshed before it ends.

The age of an answer counts from the sending of its request, by the monotonic clock of this process. Once a
third of its time has passed, or what it says itself, it is fetched again in the background. Only a caller
without a usable answer waits.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sender_constraint.http.background_thread import Completion, native_lock, start_in_background

logger = logging.getLogger(__name__)

Value = TypeVar("Value")


class FetchFailed(Exception):
    """The server gave no usable answer. The text says why, for the audit trail.

    is_down: the server itself is down, or slow to answer (timed_out), whatever it is asked.
    """

    def __init__(self, reason: str, *, is_down: bool = False, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.is_down = is_down
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class Fetched(Generic[Value]):
    """A server's answer.

    age_seconds: its age when it was requested, if a cache in between had kept it.
    lifetime_seconds: for how long it may be used, if that is less than the cache's limit.
    fresh_seconds: for how long it is not fetched again; by default a third of the time it may be used.
    pause_seconds: for how long no caller can have it fetched again.
    is_final: it never changes, so it is used without limit and never fetched again.
    is_provisional: a caller waits for the next answer once that is due.
    """

    value: Value
    age_seconds: float = 0.0
    lifetime_seconds: float = float("inf")
    fresh_seconds: float | None = None
    pause_seconds: float = 0.0
    is_final: bool = False
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class Cached(Generic[Value]):
    """An answer from the cache, and its age."""

    value: Value
    age_seconds: float


# Given the last answer, if there is one, requests a new one. Raises FetchFailed.
Fetch = Callable[[Value | None], Fetched[Value]]


@dataclass(slots=True)
class _Entry(Generic[Value]):
    """requested_at, retry_at: monotonic seconds. in_flight: set when the request under way has ended."""

    answer: Fetched[Value] | None = None
    requested_at: float = float("-inf")
    in_flight: Completion | None = None
    error: str | None = None
    retry_at: float = float("-inf")


class RefreshAheadCache(Generic[Value]):
    """Answers by key, shared by all threads of a process; by greenlets, once gevent has patched.

    max_age_seconds: no answer is used for longer. capacity: how many are kept; the least recently used is
    evicted. wait_seconds: how long a caller waits. retry_seconds: the pause after a failure.
    one_server: the server of all keys is one and the same. While it is down no caller waits, and one request
    at a time probes it. A server that answered within ``max_age_seconds`` and is slow now is busy, not down:
    it is asked again at once. on_success: called with the key of each new answer, and whether the server was
    down before. monotonic: seconds, as ``time.monotonic``.

    Requests are sent in the background, so that neither other requests nor a caller that stops waiting
    delays them. Under gevent ``fetch`` runs in another thread than its callers: the connections that it uses
    belong to that thread (``background_thread``).
    """

    def __init__(
        self,
        max_age_seconds: float,
        *,
        capacity: int,
        wait_seconds: float = 2.0,
        retry_seconds: float = 1.0,
        one_server: bool = False,
        on_success: Callable[[Hashable, bool], None] = lambda _key, _was_down: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_age_seconds = max_age_seconds
        self._capacity = capacity
        self._wait_seconds = wait_seconds
        self._retry_seconds = retry_seconds
        self._one_server = one_server
        self._on_success = on_success
        self._monotonic = monotonic
        self._lock = native_lock()
        self._entries: OrderedDict[Hashable, _Entry[Value]] = OrderedDict()
        # Why the server is down; when to probe it again; whether a probe is under way.
        self._down: str | None = None
        self._probe_at = float("-inf")
        self._is_probing = False
        self._answered_at = float("-inf")

    def get(self, key: Hashable, fetch: Fetch[Value]) -> Value | None:
        """An answer that may be used; None if there is none and it cannot be fetched."""
        cached = self.lookup(key, fetch)
        return cached.value if cached else None

    def lookup(self, key: Hashable, fetch: Fetch[Value]) -> Cached[Value] | None:
        """The same with its age."""
        entry = self._entry(key)
        cached = self._usable(entry, self._max_age_seconds)
        if cached is not None and not self._is_due(entry):
            return cached
        in_flight, _ = self._begin(key, entry, fetch)
        if cached is not None and entry.answer is not None and not entry.answer.is_provisional:
            return cached
        if in_flight is not None and not in_flight.wait(self._wait_seconds) and not self._is_busy():
            self._server_is_down(f"no answer within {self._wait_seconds:g} seconds")
        return self._usable(entry, self._max_age_seconds)

    def refresh(self, key: Hashable, fetch: Fetch[Value], *, wait: bool) -> None:
        """Fetch again, but not within the pause. Without ``wait`` only the first caller waits."""
        in_flight, is_first = self._begin(key, self._entry(key), fetch)
        if in_flight is not None and (wait or is_first):
            in_flight.wait(self._wait_seconds)

    def peek(self, key: Hashable, max_age_seconds: float | None = None) -> Cached[Value] | None:
        """The answer as it is, without a request. max_age_seconds: by default the cache's."""
        limit = self._max_age_seconds if max_age_seconds is None else max_age_seconds
        return self._usable(self._entry(key), limit)

    def is_due(self, key: Hashable) -> bool:
        """Whether the answer is to be fetched again, or there is none."""
        return self._is_due(self._entry(key))

    def knows(self, key: Hashable) -> bool:
        """Whether an answer is kept, of whatever age."""
        with self._lock:
            entry = self._entries.get(key)
            return entry is not None and entry.answer is not None

    def forget(self, key: Hashable) -> None:
        """Remove the answer."""
        with self._lock:
            self._entries.pop(key, None)

    def error(self, key: Hashable) -> str | None:
        """Why the last request failed; None if it did not."""
        with self._lock:
            entry = self._entries.get(key)
            return self._down or (entry.error if entry else None)

    def failure_reason(self, key: Hashable) -> dict[str, Any]:
        """Why there is no usable answer, for the audit trail: age of the last one, limit, and error."""
        with self._lock:
            entry = self._entries.get(key)
        if entry is None:
            return {"age_seconds": None, "promise_seconds": self._max_age_seconds, "problem": None}
        age = None if entry.answer is None else round(self._monotonic() - entry.requested_at, 3)
        error = self._down or entry.error or f"no answer within {self._wait_seconds:g} seconds"
        return {"age_seconds": age, "promise_seconds": self._max_age_seconds, "problem": error}

    def __len__(self) -> int:
        """How many answers are kept."""
        return len(self._entries)

    def _entry(self, key: Hashable) -> _Entry[Value]:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = _Entry()
                while len(self._entries) > self._capacity:
                    self._entries.popitem(last=False)
            self._entries.move_to_end(key)
            return entry

    def _usable(self, entry: _Entry[Value], limit: float) -> Cached[Value] | None:
        answer = entry.answer
        if answer is None:
            return None
        age = self._monotonic() - entry.requested_at
        if age >= min(limit, answer.lifetime_seconds) and not answer.is_final:
            return None
        return Cached(answer.value, age)

    def _is_due(self, entry: _Entry[Value]) -> bool:
        answer = entry.answer
        if answer is None:
            return True
        fresh = answer.fresh_seconds
        if fresh is None:
            fresh = min(self._max_age_seconds, answer.lifetime_seconds) / 3
        return not answer.is_final and self._monotonic() - entry.requested_at >= fresh

    def _begin(
        self, key: Hashable, entry: _Entry[Value], fetch: Fetch[Value]
    ) -> tuple[Completion | None, bool]:
        """Start a request, unless one is under way. Returns what to wait for, and whether it is new."""
        with self._lock:
            if entry.in_flight is not None:
                return (None if self._down else entry.in_flight), False
            is_probe = self._down is not None
            if is_probe and (self._is_probing or self._monotonic() < self._probe_at):
                return None, False
            if self._monotonic() < entry.retry_at:
                return None, False
            in_flight = entry.in_flight = Completion()
            self._is_probing = self._is_probing or is_probe
        try:
            start_in_background(lambda: self._fetch(key, entry, fetch, in_flight, is_probe))
        except RuntimeError as error:  # the system has no thread left
            self._failed(entry, FetchFailed(str(error), is_down=True))
            self._finish(entry, in_flight, is_probe)
        return (None if is_probe else in_flight), True

    def _fetch(
        self, key: Hashable, entry: _Entry[Value], fetch: Fetch[Value], in_flight: Completion, is_probe: bool
    ) -> None:
        try:
            sent_at = self._monotonic()
            answer = fetch(None if entry.answer is None else entry.answer.value)
            with self._lock:
                entry.answer, entry.requested_at = answer, sent_at - answer.age_seconds
                entry.error, entry.retry_at = None, self._monotonic() + answer.pause_seconds
                self._answered_at = self._monotonic()
                was_down, self._down = self._down is not None, None
            self._on_success(key, was_down)
        except FetchFailed as failure:
            self._failed(entry, failure)
        except BaseException as defect:
            self._failed(entry, FetchFailed(f"{type(defect).__name__}: {defect}"))
            raise
        finally:
            self._finish(entry, in_flight, is_probe)

    def _finish(self, entry: _Entry[Value], in_flight: Completion, is_probe: bool) -> None:
        with self._lock:
            entry.in_flight = None
            self._is_probing = self._is_probing and not is_probe
        in_flight.set()

    def _failed(self, entry: _Entry[Value], failure: FetchFailed) -> None:
        reason = str(failure)
        logger.warning("an answer could not be fetched: %s", reason)
        pause = 0.0 if failure.is_down and self._one_server else self._retry_seconds
        with self._lock:
            entry.error, entry.retry_at = reason, self._monotonic() + pause
        if failure.is_down and not (failure.timed_out and self._is_busy()):
            self._server_is_down(reason)

    def _is_busy(self) -> bool:
        return self._monotonic() - self._answered_at < self._max_age_seconds

    def _server_is_down(self, reason: str) -> None:
        if not self._one_server:
            return
        with self._lock:
            is_news, self._down = self._down is None, reason
            self._probe_at = self._monotonic() + self._retry_seconds
        if is_news:
            logger.warning("the server is down: %s", reason)
