"""What the calling processes wrote down, and what it amounts to."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PERCENTILES = (50, 90, 99, 99.9, 100)


@dataclass(frozen=True)
class Window:
    """A stretch of time, in monotonic seconds."""

    began: float
    ended: float

    def overlaps(self, began: float, ended: float) -> bool:
        """Whether something that lasted so long touches it."""
        return began < self.ended and ended > self.began


@dataclass(frozen=True)
class Readmission(Window):
    """From the order to revoke a generation until all callers had one of the new line."""

    revoked_generation: str = ""


@dataclass
class Calls:
    """All calls. Seconds are those of whole calls, with their retries.

    expected: refusals of a revoked generation, from its revocation until its successor was adopted.
    """

    total: int = 0
    retries: int = 0
    inside: list[float] = field(default_factory=list)
    outside: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    expected: int = 0


@dataclass(frozen=True)
class Payments:
    """What became of the orders, by reference.

    paid: those that the bank confirmed. lost: those of them that are not booked. doubled: booked twice.
    abandoned: those that were never answered.
    """

    paid: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    abandoned: tuple[str, ...]


def calls_of(
    files: Iterable[Path], rotations: Sequence[Window], readmissions: Sequence[Readmission]
) -> Calls:
    """Sort all calls. What touches a readmission is left out of the latencies."""
    calls = Calls()
    inside = _Cursor(rotations)
    for line in sorted(_lines(files), key=lambda each: float(each["began"])):
        began = float(line["began"])
        ended = began + float(line["seconds"])
        calls.total += 1
        calls.retries += int(line["attempts"]) - 1
        readmission = next((each for each in readmissions if each.overlaps(began, ended)), None)
        if "failure" in line:
            if readmission and line["generation"] in (readmission.revoked_generation, None):
                calls.expected += 1
            else:
                calls.failures.append(f"{line['failure']} [{line['correlation_id']}]")
        elif readmission is None:
            (calls.inside if inside.touches(began, ended) else calls.outside).append(float(line["seconds"]))
    return calls


def payments_of(files: Iterable[Path], booked: Iterable[str]) -> Payments:
    """Compare what the callers were told with what the bank has booked. booked: references."""
    paid: set[str] = set()
    abandoned: set[str] = set()
    for file in files:
        for line in file.read_text().splitlines():
            word, _, reference = line.partition(" ")
            (paid if word == "paid" else abandoned).add(reference)
    counts = Counter(booked)
    return Payments(
        paid=len(paid),
        lost=tuple(sorted(paid - counts.keys())),
        doubled=tuple(sorted(reference for reference, times in counts.items() if times > 1)),
        abandoned=tuple(sorted(abandoned)),
    )


def percentiles(seconds: list[float]) -> dict[str, float]:
    """In milliseconds, by percentile; empty for nothing."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    return {
        f"{percent:g}": round(1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))], 1)
        for percent in PERCENTILES
    }


class _Cursor:
    """Windows in the order of time, asked about calls in the order of their beginnings."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = list(windows)
        self._next = 0

    def touches(self, began: float, ended: float) -> bool:
        while self._next < len(self._windows) and self._windows[self._next].ended <= began:
            self._next += 1
        return self._next < len(self._windows) and self._windows[self._next].overlaps(began, ended)


def _lines(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for file in files:
        with file.open() as lines:
            yield from (json.loads(line) for line in lines if line.endswith("\n"))
