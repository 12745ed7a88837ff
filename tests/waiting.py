"""Waiting for other processes, which cannot tell a test that they are done."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.02


def eventually(
    condition: Callable[[], Value | None],
    what: str | Callable[[], object],
    *,
    seconds: float = PATIENCE_SECONDS,
    pause_seconds: float = PAUSE_SECONDS,
) -> Value:
    """The first true value of a condition. AssertionError, which tells ``what``, if none comes in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, (
            f"not within {seconds} s: {what if isinstance(what, str) else what()}"
        )
        time.sleep(pause_seconds)
    return value
