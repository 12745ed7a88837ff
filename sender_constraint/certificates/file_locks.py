"""Locks among processes: a file that each of them locks, and nobody removes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sender_constraint.certificates import durable_files


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock of a file within the block; whoever holds it now is waited for. Raises OSError.

    The file's directory is made if need be. The operating system lets go of the lock when its holder dies.
    The wait holds up all greenlets of the process: a lock is for what is soon done.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, durable_files.PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
