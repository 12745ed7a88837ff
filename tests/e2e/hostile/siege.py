"""One kind of load on one port: what an honest caller noticed of it, and what is left of it afterwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep
from types import TracebackType
from typing import Self

from tests.e2e.hostile.gunicorns import Usage, usage, workers_of
from tests.e2e.hostile.target import Target
from tests.waiting import eventually

LONGEST_WAIT_SECONDS = 1.0
PAUSE_SECONDS = 0.05
MEGABYTE = 1024 * 1024

# What a worker may grow by, whatever comes: Python keeps for later what one load made it take.
MOST_GROWTH_BYTES = 192 * MEGABYTE

# What a server may open for itself meanwhile, and keep: to a database (SQLite keeps one descriptor for each
# connection that was open at the same time), to the responder, to the issuer.
OWN_DESCRIPTORS = 10


@dataclass
class Siege:
    """A context in which a load is on; when it ends, descriptors are back and no traceback was logged.

    waits: seconds of each honest call. note: what else the table shall say.
    """

    load: str
    target: Target
    waits: list[float] = field(default_factory=list)
    note: str = ""

    def __enter__(self) -> Self:
        assert self.target.honest() == 200, "an honest caller is served before the load"
        self._workers = workers_of(self.target.arbiter)
        self.before = self.during = self.usage()
        self._tracebacks = self.target.tracebacks()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.after = self._when_descriptors_are_back()
            assert self.target.tracebacks() == self._tracebacks, self.target.log
            assert max(self.waits) <= LONGEST_WAIT_SECONDS, self.waits
            assert self.growth_bytes <= MOST_GROWTH_BYTES, (self.before, self.during)

    @property
    def growth_bytes(self) -> int:
        """How much more memory the workers had under the load, or after it, than before."""
        return max(self.during.resident_bytes, self.after.resident_bytes) - self.before.resident_bytes

    def usage(self) -> Usage:
        """What the server's workers hold now."""
        return usage(self._workers)

    def honest_calls(self, count: int) -> None:
        """Some honest calls, one after another, each of which succeeds."""
        remaining = iter(range(count))
        self.honest_calls_while(lambda: next(remaining, None) is not None)

    def honest_calls_while(self, condition: Callable[[], bool]) -> None:
        """Honest calls, one after another, as long as a condition holds."""
        honest_calls_while([self], condition)

    def honest_call(self) -> None:
        """One honest call, which succeeds."""
        started = monotonic()
        status = self.target.honest()
        self.waits.append(monotonic() - started)
        assert status == 200, f"the honest caller was answered {status}"
        self.during = max(self.during, self.usage(), key=lambda each: each.resident_bytes)

    def holds(self, connections: int) -> None:
        """Wait until the server holds these connections, where the system tells."""
        seen = []

        def held() -> bool:
            self.during = self.usage()
            if self.during.descriptors is None or self.before.descriptors is None:
                return True
            seen.append(self.during.descriptors)
            # Of its own it may have had some before that it has closed by now.
            return self.during.descriptors >= self.before.descriptors + connections - OWN_DESCRIPTORS

        eventually(held, lambda: f"{connections} connections held: {max(seen)} of {self.before}")

    def _when_descriptors_are_back(self) -> Usage:
        def back() -> Usage | None:
            now = self.usage()
            if now.descriptors is None or self.before.descriptors is None:
                return now
            return now if now.descriptors <= self.before.descriptors + OWN_DESCRIPTORS else None

        return eventually(back, lambda: f"descriptors are back: {self.before} {self.usage()}")


def honest_calls_while(sieges: Sequence[Siege], condition: Callable[[], bool]) -> None:
    """Honest calls on all of these ports in turn, as long as a condition holds."""
    while condition():
        for siege in sieges:
            siege.honest_call()
        sleep(PAUSE_SECONDS)
