"""What an issuer answered, kept for as long as is promised, and asked for again beside the callers.

A kept answer is at most so many seconds old, counted from the sending of its question by this process's own
monotonic clock. From a third of that on it is asked for anew, and nobody waits for that but who has no answer
at all. ``certificates.status`` keeps the statuses of certificates in the same way.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sender_constraint.http.background_thread import Completion, native_lock, start_in_background

logger = logging.getLogger(__name__)

Value = TypeVar("Value")


class NoAnswer(Exception):
    """The question was not answered, or by what cannot be used; the text says why, for the event."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[Value]):
    """An answer.

    age_seconds: how old it was already when the question was sent, where somebody in between had kept it.
    lasts_seconds: for how long it may be used, where that is less than what is promised.
    """

    value: Value
    age_seconds: float = 0.0
    lasts_seconds: float = float("inf")


# Given the last answer, if there is one, asks for a new one. Raises NoAnswer.
Ask = Callable[[Value | None], Answer[Value]]


@dataclass(slots=True)
class _Entry(Generic[Value]):
    """What is known about one question.

    asked_at: monotonic seconds, less the age that the answer had. flight: the question that is under way; set
    when it ends. retry_at: until when a failure keeps from asking again.
    """

    answer: Answer[Value] | None = None
    asked_at: float = float("-inf")
    flight: Completion | None = None
    problem: str | None = None
    retry_at: float = float("-inf")


class FreshAnswers(Generic[Value]):
    """Answers to many questions, shared by all threads of a process; by greenlets, once gevent has patched.

    promise_seconds: no answer is used for longer. remembered: how many are kept; the one least recently
    used gives way. wait_seconds: for so long a caller waits. retry_seconds: for so long a failure keeps from
    asking the same again. monotonic: seconds, as ``time.monotonic``.

    Questions are asked in the background, where no request delays them, and a caller that stops waiting takes
    no other caller's answer away. Under gevent ``ask`` runs in another thread than the callers do: what it
    connects with belongs to it alone (``background_thread``).
    """

    def __init__(
        self,
        promise_seconds: float,
        *,
        remembered: int,
        wait_seconds: float = 2.0,
        retry_seconds: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._promise_seconds = promise_seconds
        self._remembered = remembered
        self._wait_seconds = wait_seconds
        self._retry_seconds = retry_seconds
        self._monotonic = monotonic
        self._lock = native_lock()
        self._entries: OrderedDict[Hashable, _Entry[Value]] = OrderedDict()

    def get(self, key: Hashable, ask: Ask[Value]) -> Value | None:
        """The answer, as young as promised; None where it cannot be had."""
        entry = self._entry(key)
        answer = self._young(entry)
        if answer is not None and not self._is_due(entry):
            return answer.value
        flight = self._begin(entry, ask)
        if answer is not None:
            return answer.value
        if flight is not None:
            flight.wait(self._wait_seconds)
        answer = self._young(entry)
        return None if answer is None else answer.value

    def knows(self, key: Hashable) -> bool:
        """Whether there was an answer, however old, and it was not forgotten."""
        with self._lock:
            entry = self._entries.get(key)
            return entry is not None and entry.answer is not None

    def forget(self, key: Hashable) -> None:
        """Keep nothing about this question: the next one who has it asks."""
        with self._lock:
            self._entries.pop(key, None)

    def why_none(self, key: Hashable) -> Mapping[str, Any]:
        """For events: the age of the last answer in seconds, if there was one, and what failed."""
        with self._lock:
            entry = self._entries.get(key)
        if entry is None:
            return {"age_seconds": None, "promise_seconds": self._promise_seconds, "problem": None}
        age = None if entry.answer is None else round(self._monotonic() - entry.asked_at, 3)
        problem = entry.problem or f"no answer within {self._wait_seconds:g} seconds"
        return {"age_seconds": age, "promise_seconds": self._promise_seconds, "problem": problem}

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._entries)

    def _entry(self, key: Hashable) -> _Entry[Value]:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = _Entry()
                while len(self._entries) > self._remembered:
                    self._entries.popitem(last=False)
            self._entries.move_to_end(key)
            return entry

    def _lasts(self, answer: Answer[Value]) -> float:
        return min(self._promise_seconds, answer.lasts_seconds)

    def _young(self, entry: _Entry[Value]) -> Answer[Value] | None:
        answer = entry.answer
        if answer is None or self._monotonic() - entry.asked_at >= self._lasts(answer):
            return None
        return answer

    def _is_due(self, entry: _Entry[Value]) -> bool:
        answer = entry.answer
        return answer is None or self._monotonic() - entry.asked_at >= self._lasts(answer) / 3

    def _begin(self, entry: _Entry[Value], ask: Ask[Value]) -> Completion | None:
        """Ask, unless somebody is at it. Returns what to wait for; None where a failure was just now."""
        with self._lock:
            if entry.flight is not None:
                return entry.flight
            if self._monotonic() < entry.retry_at:
                return None
            flight = entry.flight = Completion()
        try:
            start_in_background(lambda: self._fly(entry, ask, flight))
        except RuntimeError as problem:  # the machine has no thread left
            self._failed(entry, str(problem))
            self._land(entry, flight)
        return flight

    def _fly(self, entry: _Entry[Value], ask: Ask[Value], flight: Completion) -> None:
        try:
            sent_at = self._monotonic()
            answer = ask(None if entry.answer is None else entry.answer.value)
            with self._lock:
                entry.answer, entry.asked_at = answer, sent_at - answer.age_seconds
                entry.problem, entry.retry_at = None, float("-inf")
        except NoAnswer as problem:
            self._failed(entry, str(problem))
        except BaseException as defect:
            self._failed(entry, f"{type(defect).__name__}: {defect}")
            raise
        finally:
            self._land(entry, flight)

    def _failed(self, entry: _Entry[Value], problem: str) -> None:
        logger.warning("no answer: %s", problem)
        with self._lock:
            entry.problem, entry.retry_at = problem, self._monotonic() + self._retry_seconds

    def _land(self, entry: _Entry[Value], flight: Completion) -> None:
        with self._lock:
            entry.flight = None
        flight.set()
