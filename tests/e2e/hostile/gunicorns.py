"""What the processes of a server hold, as the operating system tells it."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
LINUX = (PROC / "self" / "fd").exists()


@dataclass(frozen=True)
class Usage:
    """Of all workers of one server. descriptors: None where the system does not tell cheaply."""

    resident_bytes: int
    descriptors: int | None


def workers_of(arbiter: int) -> list[int]:
    """The process ids of the workers of the gunicorn with this process id."""
    listed = subprocess.run(["pgrep", "-P", str(arbiter)], capture_output=True, text=True, check=True)
    return [int(line) for line in listed.stdout.split()]


def usage(workers: Sequence[int]) -> Usage:
    """What these processes hold now."""
    descriptors = sum(_descriptors(worker) for worker in workers) if LINUX else None
    return Usage(sum(_resident_bytes(worker) for worker in workers), descriptors)


def _resident_bytes(process_id: int) -> int:
    if LINUX:
        lines = (PROC / str(process_id) / "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024
    asked = ["ps", "-o", "rss=", "-p", str(process_id)]
    return int(subprocess.run(asked, capture_output=True, text=True, check=True).stdout) * 1024


def _descriptors(process_id: int) -> int:
    return sum(1 for _ in (PROC / str(process_id) / "fd").iterdir())
