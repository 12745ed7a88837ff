"""The table of what was measured, printed when the tests have ended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.e2e.hostile.siege import MEGABYTE, Siege

HEADINGS = ("load", "port", "honest caller, median ms", "longest ms", "memory +MB", "descriptors", "note")


@dataclass
class Figures:
    """The sieges that ended well, in their order."""

    sieges: list[Siege] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """A Markdown table."""
        yield _line(HEADINGS)
        yield _line(["---"] * len(HEADINGS))
        for siege in self.sieges:
            yield _line(_cells(siege))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(siege: Siege) -> list[str]:
    descriptors = [siege.before.descriptors, siege.during.descriptors, siege.after.descriptors]
    return [
        siege.load,
        siege.target.name,
        f"{median(siege.waits) * 1000:.0f}",
        f"{max(siege.waits) * 1000:.0f}",
        f"{siege.growth_bytes / MEGABYTE:.1f}",
        "unknown" if None in descriptors else " → ".join(map(str, descriptors)),
        siege.note,
    ]
