"""Signals that end a script: as exceptions, so that what is open is closed; and the exit status then."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

INTERRUPTED = 130


def exit_status(program: str, run: Callable[[], int]) -> int:
    """Run a script and return its exit status: 130 after Ctrl-C, 1 if the reader of its output is gone."""
    try:
        status = run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # As in ``up | head``. There is no reader for Python's last flush either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


@contextlib.contextmanager
def termination_as_exception() -> Iterator[None]:
    """SIGTERM and SIGHUP end the process by an exception, so that what is open is closed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def deaf_to_signals() -> Iterator[None]:
    """A second Ctrl-C does not interrupt the stopping, which has limits of its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
