"""A service's SQLite database, locked by somebody else, or away; as it was when the block ends."""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "database.sqlite3"


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Another process writes, and does not end."""
    with contextlib.closing(_connected(state)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


@contextmanager
def away(state: Path) -> Iterator[None]:
    """The file is gone, as with a disk that is not mounted; nobody is writing as it goes."""
    elsewhere = state / "elsewhere"
    elsewhere.mkdir()
    with contextlib.closing(_connected(state)) as last:
        last.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        last.execute("BEGIN IMMEDIATE")
        files = [
            file for file in (state / f"{NAME}{suffix}" for suffix in ("", "-wal", "-shm")) if file.exists()
        ]
        try:
            for file in files:
                file.rename(elsewhere / file.name)
            yield
        finally:
            for file in files:
                (elsewhere / file.name).rename(file)
            elsewhere.rmdir()
            last.execute("ROLLBACK")


def _connected(state: Path) -> sqlite3.Connection:
    return sqlite3.connect(state / NAME, timeout=30, isolation_level=None)
