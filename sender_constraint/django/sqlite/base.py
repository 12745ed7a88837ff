"""Django's SQLite, but for two things that matter to a server.

A lock that another process holds is waited for here, between attempts to begin a transaction: SQLite's own
wait would hold up every other greenlet of the process, readers too, which need no lock. Nothing has begun
while it waits, so that there is no pause inside a transaction.

A database that is gone is an outage and no reason to begin with an empty one, which would get in the way of
the one that comes back: ``<database>.made`` remembers that there was one.
"""

import time
from pathlib import Path
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

PAUSE_SECONDS = 0.02


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
        return super().get_new_connection(conn_params)

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
