"""Django's SQLite, but for three things that matter to a server.

A lock that another process holds is waited for here, between attempts to begin a transaction: SQLite's own
wait would hold up every other greenlet of the process, readers too, which need no lock. Nothing has begun
while it waits, so that there is no pause inside a transaction.

A database that is gone is an outage and no reason to begin with an empty one, which would get in the way of
the one that comes back: ``<database>.made`` remembers that there was one.

SQLite writes its log back and removes it when the last connection is closed, and waits for the disk several
times. With a connection for each request that would be after each request: one more is kept open.
"""

import atexit
import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

PAUSE_SECONDS = 0.02

# By database: the process and the file that it belongs to, and a connection that is open and not used.
_kept_open: dict[Path, tuple[tuple[int, int, int], sqlite3.Connection]] = {}


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
        connection = super().get_new_connection(conn_params)
        if path.is_file():
            _keep_open(path)
        return connection

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


def _keep_open(path: Path) -> None:
    """See to it that this process has a connection to this file that lasts as long as both do."""
    file = path.stat()
    identity = (os.getpid(), file.st_dev, file.st_ino)
    known = _kept_open.get(path)
    if known is not None and known[0] == identity:
        return
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # only reading opens the log
    except sqlite3.OperationalError:
        connection.close()  # locked for a moment: the next connection tries again
        return
    _kept_open[path] = (identity, connection)
    if known is not None and known[0][0] == identity[0]:
        known[1].close()  # the file is another one, which was put in its place


@atexit.register
def _close_kept() -> None:
    while _kept_open:
        (process_id, *_), connection = _kept_open.popitem()[1]
        if process_id == os.getpid():
            with suppress(sqlite3.Error):
                connection.close()
