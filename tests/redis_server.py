"""A Redis server of a test's own, which may go away, lose what it holds, and come back."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.waiting import eventually
from workshop.environment.programs import redis_server


class RedisServer:
    """A server on a port of loopback, and a client of it. options: added to its command line."""

    def __init__(self, port: int, folder: Path, *options: str) -> None:
        self.port = port
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.url = f"redis://127.0.0.1:{port}/0"
        self.client = redis.Redis(port=port)
        self._command = [redis_server(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        self._command += ["--save", "", *options]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty unless there is a snapshot in its folder; returns once it answers."""
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        eventually(self._answers, "Redis does not answer")

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            self.client.close()
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def kill(self) -> None:
        """End it without a warning (kill -9)."""
        if self._process is not None:
            self.client.close()
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


@contextmanager
def running_redis(port: int, folder: Path, *options: str) -> Iterator[RedisServer]:
    """Serve on a port of loopback."""
    server = RedisServer(port, folder, *options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
