"""The memory of what was shown once, in Redis: one for all processes and machines of a service.

RFC 9449 §11.1 (https://www.rfc-editor.org/rfc/rfc9449). A key is set only if it is not there, and ends by
itself, in one command (``SET`` with ``NX`` and ``PX``): of several who show the same at the same time one is
the first. A server that is full (``noeviction``) refuses to remember, and is then as good as away.

A server that was started anew may have forgotten. Each new connection asks which run of the server it leads
to: what was made before this process learnt of another run may have been shown before, and is not accepted.
"""

import math
import re
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sender_constraint.replay import ReplayMemoryUnavailable

PREFIX = "replay:"
WAIT_SECONDS = 1.0
MAX_CONNECTIONS = 64

_RUN = re.compile(rb"run_id:([0-9a-f]+)")


class RedisReplayMemory:
    """A ReplayMemory, safe to share among threads and greenlets. Make one in each process, after it forked.

    url: as Celery takes it, with the password. No answer within a second is none. clock: seconds since 1970.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._run: bytes | None = None
        self._known_since = float("-inf")
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=WAIT_SECONDS,
            socket_timeout=WAIT_SECONDS,
            socket_connect_timeout=WAIT_SECONDS,
            # A connection that the server has closed since it was used last shows at its next use.
            retry=Retry(NoBackoff(), 1),
            redis_connect_func=self._connected,
        )
        self._redis = redis.Redis(connection_pool=pool)

    def first_time(self, key: str, seconds: float, made_at: float | None = None) -> bool:
        """Whether the key is new; it is known for so many seconds now. Raises ReplayMemoryUnavailable."""
        name = PREFIX + key
        # Whoever set it is known by this: where the answer to a SET was lost, the second one finds the first.
        mark = secrets.token_bytes(8)
        try:
            first = bool(self._redis.set(name, mark, nx=True, px=math.ceil(seconds * 1000)))
            first = first or bool(self._redis.get(name) == mark)
        except redis.RedisError as problem:
            raise ReplayMemoryUnavailable(f"{type(problem).__name__}: {problem}") from problem
        if first and made_at is not None and made_at < self._known_since:
            raise ReplayMemoryUnavailable("the memory was started anew, and may have forgotten this one")
        return first

    def _connected(self, connection: Any) -> None:
        """In place of what redis-py does with a new connection: the same, and a look at whom it leads to."""
        connection.on_connect()
        connection.send_command("INFO", "server")
        found = _RUN.search(bytes(connection.read_response()))
        run = found[1] if found else None
        with self._lock:
            if self._run is not None and run != self._run:
                # Times are in whole seconds: whatever is made from this second on is new.
                self._known_since = math.floor(self._clock())
            self._run = run
