"""The audit trail of a service: one JSON line per decision.

A full disk may truncate a line. The next event then starts a new line, so that only one line is damaged;
``explanations.search`` skips it and counts it. After an interruption, the first event written is
``trail.interrupted``,
with the number of missing events.
"""

import logging
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from sender_constraint.core.clock import Clock, utc_now
from sender_constraint.core.errors import Refusal
from sender_constraint.core.events import encode_event, refusal_fields

logger = logging.getLogger(__name__)

INTERRUPTED = "trail.interrupted"

# The free space that ``check`` requires: about a hundred events.
ROOM_BYTES = 64 * 1024


class TrailUnwritable(OSError):
    """The event could not be written. reason: the operating system's, without the path."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(error.errno, error.strerror, str(path))
        self.reason = error.strerror or type(error).__name__


class AuditTrail:
    """Appends events to ``audit.jsonl`` in the directory of one service.

    Each event is one write to a descriptor opened with O_APPEND, so that the lines of several
    processes never mix. The file is opened for each event: a rotation of the file needs no signal.
    """

    def __init__(self, service: str, directory: Path, clock: Clock = utc_now) -> None:
        self.service = service
        self.path = directory / "audit.jsonl"
        self._clock = clock
        # The number of missing events of this process, and since when; None if there are none.
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
        """Write a refusal: its rule with section and guidance, and what was expected and presented.

        fields: of the caller and the request; they override those of the refusal.
        Raises TrailUnwritable.
        """
        self.record(event, "refused", **{**refusal_fields(refusal), **fields})

    def resume(self) -> None:
        """After a failure, write how many events are missing, if any. Raises TrailUnwritable."""
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
        """Check that events can be written, and that there is space for more. Raises TrailUnwritable."""
        self.resume()
        try:
            # Not created here: the file belongs to the service's user, and this may run as another one.
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
            # The previous line was truncated, or this one was: write it again, on a new line.
            if not _is_whole(descriptor, line) and not _is_whole(descriptor, b"\n" + line):
                raise OSError(0, "a line was truncated")
        finally:
            os.close(descriptor)

    def _note_missing(self, error: OSError) -> None:
        if self._missing is None:
            # Only logged: the disk of the trail and of alarms may be full.
            logger.critical("%s cannot be written: %s", self.path, error.strerror)
        number, since = self._missing or (0, self._clock().isoformat(timespec="milliseconds"))
        self._missing = number + 1, since


def _is_whole(descriptor: int, line: bytes) -> bool:
    """Write a line. Returns whether it was written whole, after the end of another line.

    With O_APPEND, the offset is then at the end of the written line (POSIX, write).
    """
    if os.write(descriptor, line) < len(line):
        return False
    begin = os.lseek(descriptor, 0, os.SEEK_CUR) - len(line)
    return begin <= 0 or line.startswith(b"\n") or os.pread(descriptor, 1, begin - 1) == b"\n"
