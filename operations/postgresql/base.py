"""Django's PostgreSQL, whose pool of connections is closed before its process ends.

Nobody else closes it. Its threads stand still by the time that Python takes its modules apart: a command
would then wait five seconds for each of them before it ends.
"""

import atexit
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes the same ``OPTIONS``."""

    @property
    def pool(self) -> Any:
        """The pool of this database in this process; None where there is none."""
        known = self._connection_pools.get(self.alias)  # type: ignore[attr-defined]  # untyped: private
        pool = super().pool
        if pool is not None and pool is not known:
            atexit.register(pool.close)
        return pool
