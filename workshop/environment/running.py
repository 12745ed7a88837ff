"""What is known of a running environment, and ending it, whoever started it."""

import contextlib
import difflib
import fcntl
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from workshop.environment import processes
from workshop.private_files import write_private


class CannotStart(Exception):
    """The environment cannot start here now. The message names the reason and the next step."""


class UsageError(CannotStart):
    """The command line asks for something that does not exist. The exit status is 2."""


def did_you_mean(word: str, known: Collection[str]) -> str:
    """A sentence to put behind an error message: the nearest of the known words, or all of them."""
    near = difflib.get_close_matches(word, known, n=3)
    return f" Did you mean {' or '.join(near)}?" if near else f" Known are: {', '.join(known)}."


@dataclass(frozen=True)
class Record:
    """What ``status``, ``down`` and a second ``up`` want to know. Kept with mode 0600.

    supervisor: its process id. socket, password: how to talk to it.
    settings: by service, those of its user's own.
    """

    supervisor: int
    socket: str
    password: str
    ports: dict[str, int]
    lifetime_seconds: int
    profile: str = ""
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def write(self, root: Path) -> None:
        """Keep it for other processes."""
        write_private(_record_file(root), json.dumps(asdict(self)))


def record_of(root: Path) -> Record | None:
    """The record of the environment in ``root``; None if there is none, or it cannot be read."""
    try:
        return Record(**json.loads(_record_file(root).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def running_record(root: Path) -> Record | None:
    """The record of the environment in ``root`` if its supervisor runs; None otherwise."""
    record = record_of(root)
    return record if record and record.supervisor in processes.running(root) else None


def stop(root: Path) -> list[int]:
    """Stop the environment in ``root`` and whatever is left of one. Returns who had to be forced.

    Raises TimeoutError if some process survives.
    """
    record = record_of(root)
    forced = processes.end(root, record.supervisor if record else None)
    if record:
        socket = Path(record.socket)
        socket.unlink(missing_ok=True)
        if socket.parent != root / "run":
            shutil.rmtree(socket.parent, ignore_errors=True)
        _record_file(root).unlink(missing_ok=True)
    return forced


@contextlib.contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """Be the only one who starts or stops the environment in ``root``. Raises CannotStart."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CannotStart(
                f"process {lock.read() or 'unknown'} is at work on the environment in {root}.\n"
                "  Next: wait for it, or end it with Ctrl-C where it runs."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _record_file(root: Path) -> Path:
    return root / "run" / "environment.json"
