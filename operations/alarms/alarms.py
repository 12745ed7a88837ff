"""The active alarms of a service, kept on disk where all its processes and ``status`` see them.

    alarms/<name>.json    an active alarm; removed when it is cleared
    alarms/lock           held while an alarm changes

Any process can raise an alarm, and any process can clear it. Both can be called on every request: as long as
nothing changes, a call reads one file. Raising never fails, since the alarm may be about a full disk.
"""

import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from operations.audit.audit_trail import AuditTrail
from sender_constraint.certificates import durable_files
from sender_constraint.certificates.file_locks import locked
from sender_constraint.core.clock import Clock, utc_now
from sender_constraint.core.events import LEVELS, Level

logger = logging.getLogger(__name__)

# What goes on is said again, and written again, this often.
REPEATED_AFTER = timedelta(minutes=1)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


@dataclass(frozen=True, slots=True)
class Alarm:
    """An active alarm. since: when it began; told_at: when it was last logged; both aware UTC."""

    name: str
    level: Level
    message: str
    since: datetime
    told_at: datetime
    detail: dict[str, Any] = field(default_factory=dict)


class Alarms:
    """The alarms of one service. Safe among threads, greenlets and processes.

    directory: ``<STATE_DIR>/alarms``. clock: aware UTC.
    """

    def __init__(self, directory: Path, trail: AuditTrail, clock: Clock = utc_now) -> None:
        self._directory = directory
        self._trail = trail
        self._clock = clock
        # Alarms of this process that could not be written: kept, so as not to log them on each request.
        self._unwritten: dict[str, Alarm] = {}
        self._changing = threading.Lock()

    def raised(self, name: str, level: Level, message: str, **detail: Any) -> None:
        """Raise an alarm, or repeat it. It is logged if it or its level is new, and again each minute.

        name: lower case letters, digits and hyphens. detail: for the trail and ``status``; no secrets. If it
        has a ``state``, another state is logged too.
        """
        written = self._read(name)
        standing, now = written or self._unwritten.get(name), self._clock()
        alarm = Alarm(name, level, message, standing.since if standing else now, now, detail)
        is_news = standing is None or not _is_repeated(alarm, standing)
        if not is_news and written:
            return
        try:
            with self._alone():
                durable_files.replace(self._file(name), _encoded(alarm), durable_files.PRIVATE)
            self._unwritten.pop(name, None)
        except OSError as error:
            self._unwritten[name] = alarm if is_news or standing is None else standing
            if is_news:
                logger.error("the alarm %s could not be written: %s", name, error)
        if is_news:
            self._say("alarm.raised", alarm)

    def cleared(self, name: str) -> None:
        """Clear an alarm; nothing happens if it is not active."""
        unwritten = self._unwritten.pop(name, None)
        standing = self._read(name) or unwritten
        if standing is None:
            return
        try:
            with self._alone():
                self._file(name).unlink()
        except FileNotFoundError:
            if unwritten is None:
                return  # another process has just cleared it
        except OSError as error:
            logger.error("the alarm %s could not be cleared: %s", name, error)
            return
        self._say("alarm.cleared", standing)

    def standing(self) -> list[Alarm]:
        """The active alarms, the most severe first."""
        names = {file.stem for file in self._directory.glob("*.json") if _NAME.fullmatch(file.stem)}
        written = {name: alarm for name in names if (alarm := self._read(name))}
        # What no disk takes is known to this process alone.
        active = {**self._unwritten, **written}.values()
        return sorted(active, key=lambda alarm: (-LEVELS[alarm.level], alarm.name))

    def _read(self, name: str) -> Alarm | None:
        try:
            return _decoded(name, self._file(name).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            # An unreadable alarm is still active; the next process that raises it writes it again.
            long_ago = datetime.fromtimestamp(0, UTC)
            return Alarm(name, "warning", f"the alarm file cannot be read: {error}", long_ago, long_ago)

    def _file(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a valid alarm name")
        return self._directory / f"{name}.json"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._changing, locked(self._directory / "lock"):
            yield

    def _say(self, event: str, alarm: Alarm) -> None:
        level = LEVELS[alarm.level] if event == "alarm.raised" else logging.INFO
        logger.log(level, "%s: %s (%s): %s", event, alarm.name, alarm.level, alarm.message)
        detail = {"alarm": alarm.name, "level": alarm.level, "since": alarm.since.isoformat(), **alarm.detail}
        try:
            self._trail.record(event, "recorded", description=alarm.message, detail=detail)
        except OSError as error:
            logger.error("the trail could not be written: %s", error)


def _is_repeated(alarm: Alarm, standing: Alarm) -> bool:
    """Whether the same was logged less than a minute ago."""
    same = alarm.level == standing.level and alarm.detail.get("state") == standing.detail.get("state")
    return same and alarm.told_at - standing.told_at < REPEATED_AFTER


def _encoded(alarm: Alarm) -> bytes:
    document = {
        "name": alarm.name,
        "level": alarm.level,
        "message": alarm.message,
        "since": alarm.since.isoformat(),
        "told_at": alarm.told_at.isoformat(),
        "detail": alarm.detail,
    }
    return json.dumps(document, indent=1, default=str).encode() + b"\n"


def _decoded(name: str, content: bytes) -> Alarm:
    document = json.loads(content)
    level = document["level"]
    if level not in LEVELS:
        raise ValueError(f"{level!r} is not a level")
    since, told_at = (datetime.fromisoformat(document[each]) for each in ("since", "told_at"))
    return Alarm(name, level, str(document["message"]), since, told_at, dict(document["detail"]))
