"""Clocks that are wrong: of a caller in the test's process, and of a service that was started for it."""

import datetime
import sys
from collections.abc import Callable
from pathlib import Path

CONFIGURATION = Path("tests/e2e/faults/clock.gunicorn.conf.py")


class MovedClock:
    """By how many seconds a clock is wrong is in a file, so that one process can move another's."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.move(0)

    def move(self, seconds: float) -> None:
        """From now on, fast by so many seconds, or slow where they are negative."""
        beside = self.file.with_suffix(".new")
        beside.write_text(str(seconds))
        beside.rename(self.file)

    def __call__(self) -> datetime.datetime:
        """The time that it shows, UTC."""
        return moved_by(self.file)(datetime.UTC)


def moved_by(file: Path) -> Callable[..., datetime.datetime]:
    """What ``datetime.now`` is where the clock is wrong by the seconds in a file."""

    def now(tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return datetime.datetime.now(tz) + datetime.timedelta(seconds=float(file.read_text()))

    return now


def move_this_process(file: Path) -> None:
    """Have the modules from which this process has the time get it from a wrong clock."""
    moved = type("datetime", (datetime.datetime,), {"now": staticmethod(moved_by(file))})
    asked = [
        "sender_constraint.core.clock",
        "django.utils.timezone",
        "authserver.client_authentication.http",
    ]
    for names in (vars(sys.modules[name]) for name in asked if name in sys.modules):
        assert names["datetime"] is datetime.datetime, f"{names['__name__']} has the time from elsewhere"
        names["datetime"] = moved
