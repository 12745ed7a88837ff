"""Work done in the background: it neither waits for the requests of its process nor holds them up.

Under gevent a ``threading.Thread`` is a greenlet of the hub that serves the requests. With 64 requests ready
to run, each step of a question to another server (connect, send, receive) waits for all of them, and a slow
write to the disk stops it altogether. Such work gets one native thread in each process, with a hub of its
own. It waits for the interpreter's lock at most, which a busy thread gives up after five milliseconds.

A connection that gevent made belongs to the hub that made it. A pool of connections is used either in the
background or by requests, never by both.
"""

import _thread
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any


def start_in_background(work: Callable[[], None]) -> None:
    """Do this in a native thread. Raises RuntimeError where the system has no thread left.

    Without gevent each work has a thread of its own, under gevent a greenlet of the background thread.
    """
    if _gevent_has_patched():
        _background_hub().start(work)
    else:
        threading.Thread(target=work, daemon=True).start()


def in_native_thread(work: Callable[[], None]) -> None:
    """Wait for work that would hold up every other greenlet. Raises what it raises."""
    if _gevent_has_patched():
        from gevent import get_hub

        get_hub().threadpool.apply(work)
    else:
        work()


def native_lock() -> Any:
    """A lock between native threads, also under gevent. Held for a few instructions, never while waiting."""
    return _original("allocate_lock")()


def _gevent_has_patched() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def _original(name: str) -> Any:
    """A function of ``_thread`` as it was before gevent replaced it."""
    if not _gevent_has_patched():
        return getattr(_thread, name)
    from gevent.monkey import get_original

    return get_original("_thread", name)


class Completion:
    """Reports once that work has ended, to waiters in every thread.

    gevent's own ``Event`` serves the waiters of a single hub: each waiter has one of its own here.
    """

    def __init__(self) -> None:
        self._lock = native_lock()
        self._ended = False
        self._waiters: list[threading.Event] = []

    def set(self) -> None:
        """The work has ended."""
        with self._lock:
            self._ended = True
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most so long; whether it has come."""
        waiter = threading.Event()
        with self._lock:
            if self._ended:
                return True
            self._waiters.append(waiter)
        waiter.wait(seconds)
        # Where greenlets had to wait for their turn, the end may have come after the waiter's time was over.
        return self._ended


class _BackgroundHub:
    """A native thread with a gevent hub, in which each work has a greenlet."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._wake: Any = None
        self.process_id = os.getpid()
        _original("start_new_thread")(self._run, ())

    def start(self, work: Callable[[], None]) -> None:
        self._waiting.append(work)
        if self._wake is not None:
            self._wake.send()

    def _run(self) -> None:
        import gevent

        wake = gevent.get_hub().loop.async_()
        wake.start(self._begin)
        self._wake = wake
        self._begin()  # what was started before the hub could be woken
        while True:
            gevent.sleep(3600)

    def _begin(self) -> None:
        import gevent

        while self._waiting:
            gevent.spawn(self._waiting.popleft())


_hub: _BackgroundHub | None = None
_hub_lock = native_lock()


def _background_hub() -> _BackgroundHub:
    """The one of this process: the thread of the process that it was forked from is not in it."""
    global _hub
    with _hub_lock:
        if _hub is None or _hub.process_id != os.getpid():
            _hub = _BackgroundHub()
        return _hub
