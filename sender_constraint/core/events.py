"""How this library reports what happened: every decision, with its reason, goes through an EventReporter.

An event is one JSON object: ``time``, ``service``, ``event``, ``outcome``, then what is known of the caller
and the request, and for a refusal its rule, section and detail. ``LoggingReporter`` writes events to Python's
logging, one line each; ``explanations.search`` finds them there. An application with an audit trail of its
own implements EventReporter.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from sender_constraint.core.errors import Refusal, TemporarilyUnavailable

LOGGER = "sender_constraint.events"

# The event of a refusal that no view of an application decided.
HTTP_REQUEST = "http.request"

Level = Literal["notice", "warning", "critical"]
# From the least to the most severe, with the log level of each.
LEVELS: Mapping[Level, int] = {
    "notice": logging.INFO,
    "warning": logging.WARNING,
    "critical": logging.CRITICAL,
}

# An alarm that is raised again and again is reported this often.
REPEAT_SECONDS = 60.0

_LOG_LEVELS = {"refused": logging.WARNING}


class NotRecorded(TemporarilyUnavailable):
    """An event could not be recorded; its decision must not be given out. The description says why."""


class AlarmReporter(Protocol):
    """Where alarms go: what is wrong now. Called from any thread or greenlet; never raises."""

    def raise_alarm(self, name: str, level: Level, message: str, **detail: Any) -> None:
        """Report that something is wrong, or still is.

        name: lower case letters, digits and hyphens. detail: no secrets.
        """

    def clear_alarm(self, name: str) -> None:
        """Report that it is right again. Does nothing if the alarm is not active."""


class EventReporter(AlarmReporter, Protocol):
    """Where events and alarms go. Called from any thread or greenlet."""

    def record(self, event: str, outcome: str, **fields: Any) -> None:
        """Record one event. Fields that are None are left out. May raise NotRecorded.

        outcome: ``accepted``, ``refused`` or ``recorded`` (seen, and no decision changed).
        """

    def refused(self, event: str, refusal: Refusal, **fields: Any) -> None:
        """Record a refusal with ``refusal_fields``; fields override them. May raise NotRecorded."""


def refusal_fields(refusal: Refusal) -> dict[str, Any]:
    """The fields of a refusal: rule, section, and what was expected and what was presented."""
    return {
        "error": refusal.code,
        "rule": refusal.rule.identifier,
        "section": refusal.rule.clause,
        # So that a reader of the events does not need the code of the service that wrote them.
        "refuses": refusal.rule.refuses,
        "guidance": refusal.rule.guidance.fields() or None,
        "description": refusal.description,
        "detail": refusal.detail,
    }


def encode_event(time: datetime, service: str, event: str, outcome: str, fields: Mapping[str, Any]) -> str:
    """An event as one line of JSON, without the line's end. Fields that are None are left out."""
    line: dict[str, Any] = {
        "time": time.isoformat(timespec="milliseconds"),
        "service": service,
        "event": event,
        "outcome": outcome,
    }
    line.update((name, value) for name, value in fields.items() if value is not None)
    return json.dumps(line, default=str)


class LoggingReporter:
    """Writes each event as one JSON line to the Python logger ``sender_constraint.events``.

    Refusals are logged as warnings, alarms by their level, everything else as information. Nothing is raised:
    what a handler of Python's logging cannot write, it reports itself.
    name: of the service, for the field ``service``. clock: aware UTC. monotonic: seconds.
    """

    def __init__(
        self,
        name: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._clock = clock
        self._monotonic = monotonic
        self._logger = logging.getLogger(LOGGER)
        self._lock = threading.Lock()
        # Active alarms: level, and when they were last reported.
        self._active: dict[str, tuple[Level, float]] = {}

    def record(self, event: str, outcome: str, **fields: Any) -> None:
        """Log one event."""
        self._log(_LOG_LEVELS.get(outcome, logging.INFO), event, outcome, fields)

    def refused(self, event: str, refusal: Refusal, **fields: Any) -> None:
        """Log a refusal."""
        self.record(event, "refused", **{**refusal_fields(refusal), **fields})

    def raise_alarm(self, name: str, level: Level, message: str, **detail: Any) -> None:
        """Log ``alarm.raised`` if the alarm or its level is new, and again each minute."""
        now = self._monotonic()
        with self._lock:
            active = self._active.get(name)
            if active is not None and active[0] == level and now - active[1] < REPEAT_SECONDS:
                return
            self._active[name] = level, now
        detail = {"alarm": name, "level": level, **detail}
        self._log(LEVELS[level], "alarm.raised", "recorded", {"description": message, "detail": detail})

    def clear_alarm(self, name: str) -> None:
        """Log ``alarm.cleared`` if the alarm was active."""
        with self._lock:
            active = self._active.pop(name, None)
        if active is not None:
            self._log(logging.INFO, "alarm.cleared", "recorded", {"detail": {"alarm": name}})

    def _log(self, level: int, event: str, outcome: str, fields: Mapping[str, Any]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", encode_event(self._clock(), self._name, event, outcome, fields))
