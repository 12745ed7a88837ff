"""SQLite's write-ahead log (https://sqlite.org/wal.html): synced after each commit, outside the lock.

With ``synchronous=FULL`` SQLite waits for the disk while it holds the lock, and every greenlet of the process
waits with it: with a busy disk for seconds. With ``NORMAL`` it never waits at a commit. Here the request that
committed waits, in a native thread, and requests that commit meanwhile share the next sync. The same thread
writes the log back into the database (a checkpoint), which SQLite would do within some request's commit.
"""

import os
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

from sender_constraint.http.background_thread import in_native_thread

# As many pages as SQLite lets the log grow to, about.
SYNCS_PER_CHECKPOINT = 200

sync_file = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


class WriteAheadLog:
    """The log of one database file in one process. The connection it keeps open makes the log last.

    Raises sqlite3.OperationalError if the database cannot be read now.
    """

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self.connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # only reading opens the log
            self._descriptor = os.open(path.with_name(f"{path.name}-wal"), os.O_RDWR)
        except OSError as problem:
            self.connection.close()
            raise sqlite3.OperationalError(str(problem)) from problem
        except sqlite3.Error:
            self.connection.close()
            raise
        self._syncing = threading.Lock()
        self._commits = self._synced = self._syncs = 0

    def take_over(self, connection: "Connection") -> None:
        """Sync and write back from now on what this connection commits, instead of SQLite."""
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.log = self

    def sync(self) -> None:
        """Wait until what was committed before this call is on the disk. Raises sqlite3.OperationalError."""
        self._commits += 1
        mine = self._commits
        with self._syncing:
            if self._synced >= mine:
                return
            reaches = self._commits
            try:
                in_native_thread(self._sync)
            except OSError as problem:
                raise sqlite3.OperationalError(f"disk I/O error: {problem}") from problem
            self._synced = reaches

    def close(self) -> None:
        """Give the files back."""
        with self._syncing:
            os.close(self._descriptor)
            with suppress(sqlite3.Error):
                self.connection.close()

    def _sync(self) -> None:
        sync_file(self._descriptor)
        self._syncs += 1
        if self._syncs % SYNCS_PER_CHECKPOINT == 0:
            with suppress(sqlite3.OperationalError):  # another process is at it
                self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


class Connection(sqlite3.Connection):
    """Waits for the disk after each commit, its own and SQLite's at the end of a statement."""

    log: WriteAheadLog | None = None
    _durable_changes = 0

    def commit(self) -> None:
        """Commit, then wait for the disk."""
        super().commit()
        self.sync()

    def sync(self) -> None:
        """Wait for the disk, if a transaction that changed something has ended."""
        changes = self.total_changes
        if changes != self._durable_changes and self.log is not None and not self.in_transaction:
            self.log.sync()
            self._durable_changes = changes
