"""What a soak measured: for people, and as JSON."""

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from workshop.soak.footprints import Footprint, Life
from workshop.soak.measures import PERCENTILES, Calls, Payments, percentiles

SHOWN = 10


@dataclass(frozen=True)
class Outcome:
    """Everything that was measured.

    planned: rotations that were to be. seconds: from the first rotation on.
    rotation_seconds: of each, from its publication until every caller had adopted it.
    stopped: why it ended early, if it did.
    """

    planned: int
    rotations: int
    readmissions: int
    killed: dict[str, int]
    seconds: float
    rotation_seconds: list[float]
    calls: Calls
    payments: Payments
    lives: list[Life]
    stopped: str = ""

    @property
    def holds(self) -> bool:
        """Whether the zeroes are zeroes, and nothing grew."""
        return not (
            self.stopped
            or self.rotations < self.planned
            or self.calls.failures
            or self.payments.lost
            or self.payments.doubled
            or self.payments.abandoned
            or any(life.has_grown for life in self.lives)
        )

    def as_json(self) -> dict[str, Any]:
        """All figures."""
        return {
            "holds": self.holds,
            "stopped": self.stopped,
            "rotations": self.rotations,
            "planned_rotations": self.planned,
            "revoked_and_readmitted": self.readmissions,
            "killed": self.killed,
            "seconds": round(self.seconds, 1),
            "rotation_milliseconds": percentiles(self.rotation_seconds),
            "calls": self.calls.total,
            "retries": self.calls.retries,
            "failures": self.calls.failures,
            "expected_refusals": self.calls.expected,
            "payments": self.payments.paid,
            "payments_lost": self.payments.lost,
            "payments_doubled": self.payments.doubled,
            "payments_abandoned": self.payments.abandoned,
            "latency_milliseconds_inside_rotations": percentiles(self.calls.inside),
            "latency_milliseconds_outside_rotations": percentiles(self.calls.outside),
            "processes": [
                {
                    "name": life.name,
                    "process_id": life.process_id,
                    "start": _footprint(life.start),
                    "end": _footprint(life.end),
                    "has_grown": life.has_grown,
                }
                for life in self.lives
            ],
        }


def show(outcome: Outcome, console: Console) -> None:
    """Print it."""
    killed = ", ".join(f"{name} {times}" for name, times in sorted(outcome.killed.items())) or "nothing"
    calls, payments = outcome.calls, outcome.payments
    _table(
        console,
        "Soak",
        ("", ""),
        [
            ("rotations", f"{outcome.rotations} of {outcome.planned}, in {outcome.seconds:.0f} s"),
            ("revoked and readmitted", str(outcome.readmissions)),
            ("killed with kill -9", killed),
            ("calls", str(calls.total)),
            ("retries", str(calls.retries)),
            ("failures", str(len(calls.failures))),
            ("refusals of revoked generations, as expected", str(calls.expected)),
            ("payments", str(payments.paid)),
            ("payments lost", str(len(payments.lost))),
            ("payments doubled", str(len(payments.doubled))),
            ("payments never answered", str(len(payments.abandoned))),
        ],
    )
    _table(
        console,
        "Milliseconds, by percentile",
        ("", *(f"{percent:g} %" for percent in PERCENTILES)),
        [
            (name, *(f"{value:g}" for value in percentiles(seconds).values()))
            for name, seconds in (
                ("calls inside rotations", calls.inside),
                ("calls outside rotations", calls.outside),
                ("rotation, until all adopted it", outcome.rotation_seconds),
            )
        ],
    )
    compared = [life for life in outcome.lives if life.start]
    if compared:
        _table(
            console,
            "Processes: memory and open descriptors, once settled and at the end",
            ("process", "memory", "", "descriptors", "", "grown"),
            [
                (f"{life.name} ({life.process_id})", *_cells(life), "YES" if life.has_grown else "no")
                for life in compared
            ],
        )
    else:
        console.print("It was too short to compare memory and open descriptors: no process settled.")
    for what in (*calls.failures[:SHOWN], *payments.lost[:SHOWN], *payments.doubled[:SHOWN]):
        console.print(f"  {what}", markup=False)
    if outcome.stopped:
        console.print(f"Stopped early: {outcome.stopped}", markup=False)
    console.print("Everything holds." if outcome.holds else "NOT everything holds.")


def _table(console: Console, title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", show_header=any(heads))
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _cells(life: Life) -> tuple[str, str, str, str]:
    start, end = life.start, life.end
    if start is None or end is None:
        return ("", "", "", "")
    return (
        f"{start.mebibytes:.0f} MiB",
        f"{end.mebibytes:.0f} MiB",
        "" if start.descriptors is None else str(start.descriptors),
        "" if end.descriptors is None else str(end.descriptors),
    )


def _footprint(footprint: Footprint | None) -> dict[str, float | int | None] | None:
    if footprint is None:
        return None
    return {"mebibytes": round(footprint.mebibytes, 1), "descriptors": footprint.descriptors}
