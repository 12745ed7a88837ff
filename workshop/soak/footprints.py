"""Memory and open descriptors of processes, at the start and at the end.

From /proc on Linux; elsewhere memory alone, by ps.
"""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# A process that has just started still imports, connects and fills its caches.
SETTLED_SECONDS = 30.0
# What counts as growth: more than caches and the allocator's habits explain.
ALLOWED_GROWTH = 1.25
ALLOWED_MEBIBYTES = 16
ALLOWED_DESCRIPTORS = 20


@dataclass(frozen=True)
class Footprint:
    """At one moment. mebibytes: resident memory. descriptors: None where they cannot be counted."""

    mebibytes: float
    descriptors: int | None


@dataclass
class Life:
    """One process. seen_at: when it was first seen, monotonic seconds. start: once it had settled."""

    name: str
    process_id: int
    seen_at: float
    start: Footprint | None = None
    end: Footprint | None = None

    @property
    def has_grown(self) -> bool:
        """Whether it uses more than it did, beyond what is allowed."""
        if self.start is None or self.end is None:
            return False
        by_memory = self.end.mebibytes > self.start.mebibytes * ALLOWED_GROWTH + ALLOWED_MEBIBYTES
        more = (self.end.descriptors or 0) - (self.start.descriptors or 0)
        return by_memory or more > ALLOWED_DESCRIPTORS


class Footprints:
    """Of all processes that are watched; those that are killed give way to their successors."""

    def __init__(self) -> None:
        self._lives: dict[int, Life] = {}

    def look(self, processes: Mapping[int, str], now: float) -> None:
        """Measure the processes that run now: names by process id. now: monotonic seconds."""
        self._lives = {pid: life for pid, life in self._lives.items() if pid in processes}
        for process_id, name in processes.items():
            life = self._lives.setdefault(process_id, Life(name, process_id, now))
            measured = footprint_of(process_id)
            if measured is None:
                continue
            if life.start is None and now - life.seen_at >= SETTLED_SECONDS:
                life.start = measured
            life.end = measured

    def lives(self) -> list[Life]:
        """Those that run, by name."""
        return sorted(self._lives.values(), key=lambda life: (life.name, life.process_id))


def footprint_of(process_id: int) -> Footprint | None:
    """What a process uses now; None if it has ended."""
    try:
        return (
            _by_proc(Path("/proc") / str(process_id)) if Path("/proc/self").exists() else _by_ps(process_id)
        )
    except (OSError, ValueError):
        return None


def children_of(process_ids: Mapping[int, str]) -> dict[int, str]:
    """The processes, and those that they started: servers have workers. Names by process id."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="],  # noqa: S607 - /bin or /usr/bin
        capture_output=True,
        text=True,
        check=True,
    )
    found = dict(process_ids)
    for line in listing.stdout.splitlines():
        process_id, parent = map(int, line.split())
        if parent in process_ids and process_id not in found:
            found[process_id] = f"{process_ids[parent]}, child"
    return found


def _by_proc(process: Path) -> Footprint:
    # A process that has ended, and whose end nobody has taken note of, has no memory: ValueError.
    resident = int((process / "status").read_text().partition("VmRSS:")[2].partition("kB")[0])
    return Footprint(resident / 1024, sum(1 for _ in (process / "fd").iterdir()))


def _by_ps(process_id: int) -> Footprint:
    listing = subprocess.run(  # noqa: S603 - a number
        ["ps", "-o", "rss=", "-p", str(process_id)],  # noqa: S607 - /bin or /usr/bin
        capture_output=True,
        text=True,
        check=False,
    )
    return Footprint(int(listing.stdout) / 1024, None)
