"""Which processes belong to an environment, and how to end them.

Every process of an environment inherits one variable from its supervisor. It marks them for good: also
those whose parent was killed, and whatever file of process ids was lost or is stale.
"""

import contextlib
import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path

MARK = "WORKSHOP_ENVIRONMENT"


def mark_of(root: Path) -> str:
    """The value of the variable for the environment in ``root``: short, and without spaces."""
    return hashlib.sha256(str(root.absolute()).encode()).hexdigest()[:16]


def running(root: Path) -> list[int]:
    """Process ids of the environment in ``root``, this process excepted, in ascending order."""
    mark = f"{MARK}={mark_of(root)}"
    found = _by_proc(mark) if Path("/proc/self/environ").exists() else _by_ps(mark)
    return sorted(found - {os.getpid()})


def end(root: Path, supervisor: int | None, grace_seconds: float = 20.0) -> list[int]:
    """End all processes of the environment: the supervisor in order, then what is left by force.

    Returns the process ids that needed force. Raises TimeoutError if some survive even that.
    """
    alive = running(root)
    asked = {supervisor} if supervisor is not None and supervisor in alive else set(alive)
    for process_id in asked:
        _signal(process_id, signal.SIGTERM)
    forced = _wait_for_end(root, asked, grace_seconds)
    for process_id in forced:
        _signal(process_id, signal.SIGKILL)
    survivors = _wait_for_end(root, set(forced), 5.0)
    if survivors:
        raise TimeoutError(f"these processes do not end: {survivors}")
    return forced


def _wait_for_end(root: Path, awaited: set[int], seconds: float) -> list[int]:
    """Wait until none of ``awaited`` runs; returns what still runs of the environment then."""
    deadline = time.monotonic() + seconds
    while (alive := running(root)) and awaited.intersection(alive) and time.monotonic() < deadline:
        time.sleep(0.05)
    return alive


def _signal(process_id: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process_id, number)


def _by_proc(mark: str) -> set[int]:
    found = set()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        # Somebody else's process, or one that ended meanwhile.
        with contextlib.suppress(OSError):
            if mark.encode() in environment.read_bytes().split(b"\0"):
                found.add(int(environment.parent.name))
    return found


def _by_ps(mark: str) -> set[int]:
    listing = subprocess.run(
        ["ps", "-axEww", "-o", "pid=,command="],  # noqa: S607 - /bin or /usr/bin
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line.split() for line in listing.stdout.splitlines())
    return {int(words[0]) for words in lines if mark in words}
