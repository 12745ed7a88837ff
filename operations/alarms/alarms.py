"""Alarms of a service: what stands against it now, kept on disk where every process and ``status`` see it.

    alarms/<name>.json    one that stands; removed when it is cleared
    alarms/lock           held while one changes

Any process may raise an alarm and any may clear it. Both may be called on every request: while nothing
changes, one costs a look at a file. Raising never fails: a full disk is what an alarm may be about.
"""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from operations.audit.audit_trail import AuditTrail
from sender_constraint.certificates import durable_files
from sender_constraint.certificates.file_locks import locked
from sender_constraint.core.events import LEVELS, Level

logger = logging.getLogger(__name__)

# What goes on is said again, and written again, this often.
REPEATED_AFTER = timedelta(minutes=1)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


@dataclass(frozen=True, slots=True)
class Alarm:
    """One that stands. since: when it began; told_at: when it was last said; both aware UTC."""

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

    def __init__(
        self, directory: Path, trail: AuditTrail, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._directory = directory
        self._trail = trail
        self._clock = clock
        # What this process said last, where the disk took nothing: so that it is not said on each request.
        self._unwritten: dict[str, Alarm] = {}
        self._changing = threading.Lock()

    def raised(self, name: str, level: Level, message: str, **detail: Any) -> None:
        """Say that something is wrong. It is told if that, or its level, is news, and again each minute.

        name: lower case letters, digits and hyphens. detail: for the trail and ``status``; no secrets. Where
        it has a ``state``, another one is news too.
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
        """Say that it is well again; nothing happens if it was."""
        unwritten = self._unwritten.pop(name, None)
        standing = self._read(name) or unwritten
        if standing is None:
            return
        try:
            with self._alone():
                self._file(name).unlink()
        except FileNotFoundError:
            if unwritten is None:
                return  # another process cleared it this very moment
        except OSError as error:
            logger.error("the alarm %s could not be cleared: %s", name, error)
            return
        self._say("alarm.cleared", standing)

    def standing(self) -> list[Alarm]:
        """Those that stand, the loudest first."""
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
            # One that nobody can read stands all the same, and is written anew by whoever raises it next.
            long_ago = datetime.fromtimestamp(0, UTC)
            return Alarm(name, "warning", f"what it says cannot be read: {error}", long_ago, long_ago)

    def _file(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of an alarm")
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
    """Whether it says what was said less than a minute ago."""
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
        raise ValueError(f"{level!r} is no level")
    since, told_at = (datetime.fromisoformat(document[each]) for each in ("since", "told_at"))
    return Alarm(name, level, str(document["message"]), since, told_at, dict(document["detail"]))
