"""The audit trail of the service under test."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Trail:
    """The events that the service has recorded since the test began."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._begin = file.stat().st_size if file.exists() else 0

    def events(self) -> list[dict[str, Any]]:
        lines = self.file.read_bytes()[self._begin :].splitlines() if self.file.exists() else []
        return [json.loads(line) for line in lines]

    def last(self) -> dict[str, Any]:
        """The last decision: an alarm that it raised or cleared is told after it."""
        return [event for event in self.events() if not event["event"].startswith("alarm.")][-1]


@contextmanager
def unwritable(file: Path) -> Iterator[None]:
    """The trail cannot be written: a folder has its place. For any user, and on any system."""
    aside = file.with_name("aside")
    existed = file.exists()
    if existed:
        file.rename(aside)
    file.mkdir()
    try:
        yield
    finally:
        file.rmdir()
        if existed:
            aside.rename(file)
