"""A server that speaks no HTTP of its own: what it sends, and at which pace, is the test's."""

import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from types import TracebackType

# Given a connection and an event that ends the test: reads and sends as it likes.
Behave = Callable[[socket.socket, threading.Event], None]


class RawServer(AbstractContextManager["RawServer"]):
    """Listens on a free port of localhost within a with statement; each connection has a thread.

    behave: may be replaced at any time, for connections to come.
    """

    def __init__(self, behave: Behave) -> None:
        self.behave = behave
        self.over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._threads = [threading.Thread(target=self._serve)]
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> "RawServer":
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        with suppress(OSError):  # wakes accept(), which closing alone does not
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while not self.over.is_set():
            connection, _ = self._listener.accept()
            thread = threading.Thread(target=self._run, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _run(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # callers hang up: that is part of the tests
            connection.settimeout(20)
            self.behave(connection, self.over)


def drip(content: bytes, seconds: float) -> Behave:
    """After the request, these bytes one by one, with a pause before each."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        for each in content:
            if over.wait(seconds):
                return
            connection.sendall(bytes((each,)))

    return behave


def say(content: bytes) -> Behave:
    """After the request, these bytes; then the end."""

    def behave(connection: socket.socket, over: threading.Event) -> None:  # noqa: ARG001 - as Behave has it
        connection.recv(65536)
        connection.sendall(content)

    return behave
