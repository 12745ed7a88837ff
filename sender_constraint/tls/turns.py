"""Which requests begin in one turn of a worker's loop.

gevent runs everything that is ready before it looks at the sockets again. With 64 requests ready, an urgent
one (for a status that another service needs to decide about its own callers) waits for all 64 at each of its
steps: handshake, header, response. Here requests begin in the order in which they came, and in each turn only
as many as take about ``TURN_SECONDS``, or as long as all other work of the turn took: a flood of handshakes
leaves the requests half of the time.
"""

import time
from collections import deque
from collections.abc import Callable
from statistics import median

from gevent import sleep
from gevent.event import Event

TURN_SECONDS = 0.05
RECENT = 15


class Turns:
    """Requests of one worker, in their order; ``give`` runs in a greenlet of its own. monotonic: seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._waiting: deque[Event] = deque()
        self._arrived = Event()
        self._recent: deque[float] = deque([TURN_SECONDS], maxlen=RECENT)
        self._in_this_turn = 0.0

    def wait(self) -> None:
        """Wait until this request may begin."""
        turn = Event()
        self._waiting.append(turn)
        self._arrived.set()
        turn.wait()

    def took(self, seconds: float) -> None:
        """A request has ended; how long it took."""
        self._recent.append(seconds)
        self._in_this_turn += seconds

    def give(self) -> None:
        """Let requests begin, for as long as the worker serves."""
        while True:
            self._arrived.wait()
            self._arrived.clear()
            others = 0.0
            while self._waiting:
                for _ in range(min(self._fitting(others), len(self._waiting))):
                    self._waiting.popleft().set()
                began, self._in_this_turn = self._monotonic(), 0.0
                sleep(0)
                others = self._monotonic() - began - self._in_this_turn

    def _fitting(self, others: float) -> int:
        """How many requests take as long as a turn, or as all else took in the last one; at least one."""
        return max(1, int(max(TURN_SECONDS, others) / max(median(self._recent), 0.001)))
