"""The memory of what was shown once, in Redis: one for all processes and machines of a service.

RFC 9449 §11.1 (https://www.rfc-editor.org/rfc/rfc9449). A key is set only if it is not there, and ends by
itself, in one command (``SET`` with ``NX`` and ``PX``): of several who show the same at the same time one is
the first. A server that is full (``noeviction``) refuses to remember, and is then as good as away.
"""

import math
import secrets

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sender_constraint.replay import ReplayMemoryUnavailable

PREFIX = "replay:"
WAIT_SECONDS = 1.0
MAX_CONNECTIONS = 64


class RedisReplayMemory:
    """A ReplayMemory, safe to share among threads and greenlets. Make one in each process, after it forked.

    url: as Celery takes it, with the password. No answer within a second is none.
    """

    def __init__(self, url: str) -> None:
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=WAIT_SECONDS,
            socket_timeout=WAIT_SECONDS,
            socket_connect_timeout=WAIT_SECONDS,
            # A connection that the server has closed since it was used last shows at its next use.
            retry=Retry(NoBackoff(), 1),
        )
        self._redis = redis.Redis(connection_pool=pool)

    def first_time(self, key: str, seconds: float) -> bool:
        """Whether the key is new; it is known for so many seconds now. Raises ReplayMemoryUnavailable."""
        name = PREFIX + key
        # Whoever set it is known by this: where the answer to a SET was lost, the second one finds the first.
        mark = secrets.token_bytes(8)
        try:
            if self._redis.set(name, mark, nx=True, px=math.ceil(seconds * 1000)):
                return True
            return bool(self._redis.get(name) == mark)
        except redis.RedisError as problem:
            raise ReplayMemoryUnavailable(f"{type(problem).__name__}: {problem}") from problem
