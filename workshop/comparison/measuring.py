"""What each method takes: octets and round trips of each step, and processor time a call."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workshop.comparison.customer import Batch, CustomerFailed, DistantCustomer, Line, Step
from workshop.comparison.processor_time import seconds_used
from workshop.comparison.relay import Count, Relay
from workshop.methods import METHODS, Method

# What is done, in this order; what is done ``again`` finds its connection open.
COLD_STEPS = ("token", "accounts", "payment")
WARM_STEPS = ("accounts again", "payment again")
STEPS = (*COLD_STEPS, "token again", *WARM_STEPS)
# What is done often: a whole business call with everything new, and its two halves with nothing new.
COLD, READ, PAY = "cold", "read", "pay"
# Each step by itself is done so often in a round.
SAMPLES = 3
# A turn in which a server asked to be called again later is measured anew.
MOST_ATTEMPTS = 10
TOO_BUSY = "the servers asked again and again to be called later: this machine has too much else to do"


@dataclass(frozen=True)
class Turn:
    """Calls of one kind in a row. Processor seconds are of all of them.

    seconds: of each, as it passed for the client. between: what passed among the servers.
    """

    seconds: tuple[float, ...]
    client: float
    servers: Mapping[str, float]
    between: Count


class Load:
    """All turns of one kind. What a call takes is the least of its turns' means.

    A machine that has other things to do adds to what a call takes, and never takes away from it.
    """

    def __init__(self) -> None:
        self.turns: list[Turn] = []

    @property
    def calls(self) -> int:
        """How many they are."""
        return sum(len(turn.seconds) for turn in self.turns)

    def client(self) -> float:
        """Processor time of the client, milliseconds a call."""
        return self._a_call(lambda turn: turn.client)

    def server(self, name: str) -> float:
        """Processor time of one server, milliseconds a call."""
        return self._a_call(lambda turn: turn.servers[name])

    def servers(self) -> float:
        """Of all servers together."""
        return self._a_call(lambda turn: sum(turn.servers.values()))

    def octets_between_servers(self) -> float:
        """A call."""
        return sum(turn.between.octets for turn in self.turns) / self.calls

    def milliseconds(self) -> float:
        """How long a call takes, the median of all."""
        return 1000 * statistics.median(each for turn in self.turns for each in turn.seconds)

    def client_ratio(self, other: "Load") -> float:
        """Of the client's processor time a call to the other's: round by round, and the median of that."""
        return statistics.median(self._ratios(other, lambda turn: turn.client))

    def servers_ratio(self, other: "Load") -> float:
        """The same of all servers."""
        return statistics.median(self.servers_ratios(other))

    def servers_ratios(self, other: "Load") -> list[float]:
        """Of all servers, round by round."""
        return self._ratios(other, lambda turn: sum(turn.servers.values()))

    def _ratios(self, other: "Load", of: Callable[[Turn], float]) -> list[float]:
        """Turns of one round follow one another, on a machine that has the same other things to do."""
        return [
            (of(mine) / len(mine.seconds)) / (of(theirs) / len(theirs.seconds))
            for mine, theirs in zip(self.turns, other.turns, strict=True)
            if of(theirs)
        ] or [1.0]

    def _a_call(self, of: Callable[[Turn], float]) -> float:
        return 1000 * min(of(turn) / len(turn.seconds) for turn in self.turns)


@dataclass
class Measured:
    """One method. steps: by name, what passed between the client and the servers, in each round."""

    method: Method
    steps: dict[str, list[Count]] = field(default_factory=lambda: {name: [] for name in STEPS})
    loads: dict[str, Load] = field(default_factory=lambda: {name: Load() for name in (COLD, READ, PAY)})

    def step(self, name: str) -> Count:
        """What usually passes in a step.

        Of round trips the fewest count: what a server says after a handshake without being asked crosses the
        client's request at times, and then looks like an answer for which it waited.
        """
        counted = self.steps[name]
        return Count(
            connections=max(each.connections for each in counted),
            up=round(statistics.median(each.up for each in counted)),
            down=round(statistics.median(each.down for each in counted)),
            round_trips=min(each.round_trips for each in counted),
        )

    def whole(self, steps: Sequence[str]) -> Count:
        """Of several steps together."""
        return sum((self.step(name) for name in steps), Count())


@dataclass(frozen=True)
class Instruments:
    """relays: before the authorization server and the API. process_ids: of each server, by its name."""

    relays: Sequence[Relay]
    process_ids: Mapping[str, Iterable[int]]

    def by_line(self) -> dict[Line, Count]:
        """What has passed so far on each connection."""
        return {line: count for relay in self.relays for line, count in relay.by_line().items()}

    def processor_seconds(self) -> dict[str, float]:
        """Used so far, by server."""
        return {name: seconds_used(each) for name, each in self.process_ids.items()}


def measure(
    customer: DistantCustomer,
    instruments: Instruments,
    rounds: int,
    calls: int,
    tell: Callable[[str], None],
) -> list[Measured]:
    """All methods, in turns: what changes on the machine meanwhile is nobody's advantage.

    calls: of each half on open connections, of each method in a round. tell: is given each turn's method.
    """
    measured = [Measured(method) for method in METHODS]
    for number in range(rounds):
        first = number % len(measured)
        for each in measured[first:] + measured[:first]:
            tell(each.method.title)
            customer.ask("use", each.method.name)
            for _ in range(SAMPLES):
                _steps(customer, instruments, each)
            for name, times in ((READ, calls), (PAY, calls), (COLD, max(1, calls // 4))):
                each.loads[name].turns.append(_turn(customer, instruments, name, times))
            customer.ask("close")
    return measured


def _steps(customer: DistantCustomer, instruments: Instruments, measured: Measured) -> None:
    """Each step by itself, once; the connections stay open for what follows."""
    for _ in range(MOST_ATTEMPTS):
        customer.ask("close")
        before, counted, repeats = Count(), {}, 0
        for name in STEPS:
            step: Step = customer.ask(name.removesuffix(" again"))
            now = _of(instruments.by_line(), step.lines)
            counted[name], before, repeats = now - before, now, repeats + step.repeats
        if not repeats:
            break
    else:
        raise CustomerFailed(TOO_BUSY)
    for name, count in counted.items():
        measured.steps[name].append(count)


def _turn(customer: DistantCustomer, instruments: Instruments, name: str, times: int) -> Turn:
    for _ in range(MOST_ATTEMPTS):
        before, used = instruments.by_line(), instruments.processor_seconds()
        batch: Batch = customer.ask(name, times)
        if not batch.repeats:
            break
    else:
        raise CustomerFailed(TOO_BUSY)
    # A thread that ended in between took its time with it.
    servers = {
        server: max(0.0, now - used[server]) for server, now in instruments.processor_seconds().items()
    }
    others_before, others = (_of(each, each.keys() - batch.lines) for each in (before, instruments.by_line()))
    return Turn(batch.seconds, batch.processor_seconds, servers, others - others_before)


def _of(counted: Mapping[Line, Count], lines: Iterable[Line]) -> Count:
    return sum((counted[line] for line in lines if line in counted), Count())
