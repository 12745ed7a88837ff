"""Calls that go on and on, in several ways, while something happens: until when each of them is served."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from workshop.patience import is_put_off
from workshop.story.stage import outcome_of
from workshop.wire import Exchange

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)


@dataclass
class Way:
    """One way to call, and what came of it.

    how, whom: for people. last_served: when the last call was sent that was answered with 200.
    first_refused: when the first refusal was there. refusals: by outcome, the latest of each.
    """

    how: str
    whom: str
    call: Callable[[], Exchange]
    calls: int = 0
    is_served: bool = False
    last_served: datetime | None = None
    first_refused: datetime | None = None
    refusals: dict[str, Exchange] = field(default_factory=dict)

    def go(self, clock: Clock = utc_now) -> Exchange:
        """Call once. Who is put off was neither served nor refused."""
        sent_at, exchange = clock(), self.call()
        self.calls += 1
        if is_put_off(exchange):
            return exchange
        self.is_served = exchange.status == 200
        if self.is_served:
            self.last_served = sent_at
        else:
            self.first_refused = self.first_refused or clock()
            self.refusals[outcome_of(exchange)] = exchange
        return exchange

    def seconds_until_refused(self, since: datetime) -> float | None:
        """From a moment until no call was served any more; None where calls are served still."""
        if self.is_served or self.first_refused is None:
            return None
        return (max(self.first_refused, self.last_served or self.first_refused) - since).total_seconds()


def go_on(
    ways: Sequence[Way],
    beginning: Future[datetime],
    seconds: float,
    tell: Callable[[float], None],
    clock: Clock = utc_now,
) -> datetime:
    """Call in each way, again and again, until ``seconds`` after something that is on its way; and once more.

    Processes learn of it one after the other: that one call is refused does not say that the next one is.
    beginning: when it happened. tell: is given the seconds since. Returns when it happened, or raises what
    hindered it.
    """
    while not beginning.done() or clock() <= beginning.result() + timedelta(seconds=seconds):
        for way in ways:
            way.go(clock)
        if beginning.done():
            tell((clock() - beginning.result()).total_seconds())
    for way in ways:
        way.go(clock)
    return beginning.result()
