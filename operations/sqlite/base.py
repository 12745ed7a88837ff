"""Django's SQLite, but for three things that matter to a server.

A lock that another process holds is waited for here, between attempts to begin a transaction: SQLite's own
wait would hold up every other greenlet of the process, readers too, which need no lock. Nothing has begun
while it waits, so that there is no pause inside a transaction.

A database that is gone is an outage and no reason to begin with an empty one, which would get in the way of
the one that comes back: ``<database>.made`` remembers that there was one.

SQLite writes its log back and removes it when the last connection is closed, and waits for the disk several
times. With a connection for each request that would be after each request: one more is kept open. What was
committed outlives a power failure, and no other greenlet waits for that: ``write_ahead_log``.
"""

import atexit
import os
import sqlite3
import time
from pathlib import Path
from typing import Any, TypeVar, cast

from django.db import OperationalError
from django.db.backends.sqlite3 import base

from operations.sqlite.write_ahead_log import Connection, WriteAheadLog

PAUSE_SECONDS = 0.02

# By database: the process and the file that it belongs to, and its log.
_kept_open: dict[Path, tuple[tuple[int, int, int], WriteAheadLog]] = {}

Result = TypeVar("Result")


class Cursor(base.SQLiteCursorWrapper):
    """A statement without a transaction commits when its last row was read, and then waits for the disk."""

    def execute(self, query: str, params: Any = None) -> Any:
        """As sqlite3's."""
        result = super().execute(query, params)
        return self._synced(result) if self.description is None else result

    def executemany(self, query: str, param_list: Any) -> Any:
        """As sqlite3's."""
        return self._synced(super().executemany(query, param_list))

    def fetchone(self) -> Any:
        """As sqlite3's."""
        return self._synced(super().fetchone())

    def fetchall(self) -> Any:
        """As sqlite3's."""
        return self._synced(super().fetchall())

    def _synced(self, result: Result) -> Result:
        cast(Connection, self.connection).sync()
        return result


class DatabaseWrapper(base.DatabaseWrapper):
    """``OPTIONS`` has ``lock_seconds``: for so long the lock is waited for, then OperationalError."""

    def get_connection_params(self) -> dict[str, Any]:
        """Keep what is ours from the driver."""
        params = dict(super().get_connection_params())
        self._lock_seconds = float(params.pop("lock_seconds"))
        return params

    def get_new_connection(self, conn_params: Any) -> Any:
        """Connect. Raises OperationalError where a database was and is no more."""
        path = Path(str(conn_params["database"]))
        made = path.with_name(f"{path.name}.made")
        if path.is_file():
            if not made.exists():
                made.touch()
        elif made.exists():
            raise OperationalError(f"{path} is gone; put it back (to begin anew, remove {made.name} too)")
        connection = super().get_new_connection({**conn_params, "factory": Connection})
        if path.is_file() and (log := _log(path)) is not None:
            log.take_over(connection)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ARG002  # Django's name
        """A cursor that waits for the disk where Django's does not."""
        return self.connection.cursor(factory=Cursor)

    def _start_transaction_under_autocommit(self) -> None:
        deadline = time.monotonic() + self._lock_seconds
        while True:
            try:
                super()._start_transaction_under_autocommit()  # type: ignore[misc]  # untyped: private
            except OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= deadline:
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                return


def _log(path: Path) -> WriteAheadLog | None:
    """The log of this file, open for as long as this process and the file last; None while it is locked."""
    file = path.stat()
    identity = (os.getpid(), file.st_dev, file.st_ino)
    known = _kept_open.get(path)
    if known is not None and known[0] == identity:
        return known[1]
    try:
        log = WriteAheadLog(path)
    except sqlite3.OperationalError:
        return None  # locked for a moment: the next connection tries again
    _kept_open[path] = (identity, log)
    if known is not None and known[0][0] == identity[0]:
        known[1].close()  # the file is another one, which was put in its place
    return log


@atexit.register
def _close_kept() -> None:
    while _kept_open:
        (process_id, *_), log = _kept_open.popitem()[1]
        if process_id == os.getpid():
            log.close()
