"""A Redis server of a test's own, which may go away."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.waiting import eventually
from workshop.environment.programs import redis_server


@contextmanager
def running_redis(port: int, folder: Path) -> Iterator[str]:
    """Serve on a port of loopback. Yields its URL."""
    command = [redis_server(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with (folder / "redis.log").open("ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    client = redis.Redis(port=port)
    try:
        eventually(lambda: _answers(client), "Redis does not answer")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        client.close()
        server.terminate()
        server.wait(10)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
