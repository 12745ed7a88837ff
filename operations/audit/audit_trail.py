"""The audit trail of a service: one JSON line for each decision.

A full disk may cut a line short. The next event then begins on a line of its own, so that one line is
damaged and no other; ``explanations.search`` skips and counts it. A trail that could not be written says so
itself, by the first event that is written again: ``trail.interrupted``, with how many events are missing.
"""

import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sender_constraint.core.errors import Refusal
from sender_constraint.core.events import encode_event, refusal_fields

logger = logging.getLogger(__name__)

INTERRUPTED = "trail.interrupted"

# The room that ``check`` asks for: some hundred events.
ROOM_BYTES = 64 * 1024


class TrailUnwritable(OSError):
    """The event is not in the trail. reason: of the system, without the path."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(error.errno, error.strerror, str(path))
        self.reason = error.strerror or type(error).__name__


class AuditTrail:
    """Appends events to ``audit.jsonl`` in the directory of one service.

    Each event is one write to a descriptor opened with O_APPEND, so that the lines of several
    processes never mix. The file is opened for each event: a rotation of the file needs no signal.
    """

    def __init__(self, service: str, directory: Path, clock: Callable[[], datetime] | None = None) -> None:
        self.service = service
        self.path = directory / "audit.jsonl"
        self._clock = clock or (lambda: datetime.now(UTC))
        # How many events of this process are missing, and since when; None while all are there.
        self._missing: tuple[int, str] | None = None
        directory.mkdir(parents=True, exist_ok=True)

    def record(self, event: str, outcome: str, **fields: Any) -> None:
        """Write one event. Fields that are None are left out. Raises TrailUnwritable.

        outcome: ``accepted``, ``refused`` or ``recorded``.
        """
        try:
            self.resume()
            self._append(self._line(event, outcome, fields))
        except OSError as error:
            self._note_missing(error)
            raise error if isinstance(error, TrailUnwritable) else TrailUnwritable(self.path, error) from None

    def refused(self, event: str, refusal: Refusal, **fields: Any) -> None:
        """Write a refusal: its rule, the section behind it, and what was expected and what was presented.

        fields: of the caller and the request; one of them may say more than the refusal itself does.
        Raises TrailUnwritable.
        """
        self.record(event, "refused", **{**refusal_fields(refusal), **fields})

    def resume(self) -> None:
        """After a failure, write what is missing; nothing happens if nothing is. Raises TrailUnwritable."""
        if self._missing is None:
            return
        number, since = self._missing
        try:
            self._append(self._line(INTERRUPTED, "recorded", {"detail": {"since": since, "missing": number}}))
        except OSError as error:
            raise TrailUnwritable(self.path, error) from error
        self._missing = None
        logger.warning("%s can be written again; %d events since %s are missing", self.path, number, since)

    def check(self) -> None:
        """Check that events can be written now, and that there is room for more. Raises TrailUnwritable."""
        self.resume()
        try:
            # Not made here: it is the service's own, by whatever user this is asked.
            with suppress(FileNotFoundError):
                os.close(os.open(self.path, os.O_RDWR | os.O_APPEND))
            with tempfile.TemporaryFile(dir=self.path.parent, buffering=0) as probe:
                left = ROOM_BYTES
                while left:
                    left -= probe.write(bytes(left))
        except OSError as error:
            raise TrailUnwritable(self.path, error) from error

    def _line(self, event: str, outcome: str, fields: dict[str, Any]) -> bytes:
        return encode_event(self._clock(), self.service, event, outcome, fields).encode() + b"\n"

    def _append(self, line: bytes) -> None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            # What stands before it was cut short, or this one was: once more, on a line of its own.
            if not _is_whole(descriptor, line) and not _is_whole(descriptor, b"\n" + line):
                raise OSError(0, "a line was cut short")
        finally:
            os.close(descriptor)

    def _note_missing(self, error: OSError) -> None:
        if self._missing is None:
            # On the log alone: the trail, and the disk of an alarm, may be what is full.
            logger.critical("%s cannot be written: %s", self.path, error.strerror)
        number, since = self._missing or (0, self._clock().isoformat(timespec="milliseconds"))
        self._missing = number + 1, since


def _is_whole(descriptor: int, line: bytes) -> bool:
    """Write a line; whether all of it was written, behind the end of another line.

    With O_APPEND the offset is behind what was written, wherever the end of the file was (POSIX, write).
    """
    if os.write(descriptor, line) < len(line):
        return False
    begin = os.lseek(descriptor, 0, os.SEEK_CUR) - len(line)
    return begin <= 0 or line.startswith(b"\n") or os.pread(descriptor, 1, begin - 1) == b"\n"
