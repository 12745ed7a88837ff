"""A real TCP proxy in front of a service: it can be away, mute, noisy or slow, and lose an answer.

What stands behind it keeps its own TLS: the proxy sees ciphertext, as a network does.
"""

import socket
import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from types import TracebackType

NOISE = b"HTTP/1.0 200 OK\r\n\r\n<html>This is not TLS</html>" + bytes(range(256))
SLOW_BYTES, SLOW_SECONDS = 16, 0.1
READ_BYTES = 65536


class Behaviour(Enum):
    """How a gate treats connections."""

    OPEN = auto()
    AWAY = auto()  # nobody listens
    MUTE = auto()  # accepts, and says nothing
    NOISY = auto()  # says something that is not TLS
    SLOW = auto()  # hands on what the service says, a few bytes at a time


class Gate:
    """Listens on a port of localhost within a with statement. upstream: the port that it leads to.

    ``behave`` ends all connections that there are. arrived: how many came since. lost: how many answers were.
    real: where the service is.
    """

    def __init__(self, port: int, upstream: int) -> None:
        self.port = port
        self.real = upstream
        self.arrived = 0
        self.lost = 0
        self._upstream = upstream
        self._behaviour = Behaviour.OPEN
        self._losing: Callable[[], bool] | None = None
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server: _Listener | None = None

    def __enter__(self) -> "Gate":
        self.behave(Behaviour.OPEN)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.behave(Behaviour.AWAY)

    def behave(self, behaviour: Behaviour, upstream: int | None = None) -> None:
        """From now on. upstream: another port to lead to than the real one."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self._behaviour, self._upstream, self.arrived = behaviour, upstream or self.real, 0
        with self._lock:
            connections, self._connections = self._connections, set()
        for each in connections:
            _end(each)
        if behaviour is not Behaviour.AWAY:
            self._server = _Listener(self)
            threading.Thread(
                target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
            ).start()

    def lose_next_answer(self, once: Callable[[], bool] = lambda: True) -> None:
        """Hang up instead of handing on what the service says next: on an open connection, its answer.

        once: the first after this holds.
        """
        with self._lock:
            self._losing = once

    def serve(self, caller: socket.socket) -> None:
        """Treat a connection, for as long as it lasts."""
        self.arrived += 1
        behaviour = self._behaviour
        self._know(caller)
        if behaviour is Behaviour.NOISY:
            caller.sendall(NOISE)
        if behaviour in (Behaviour.MUTE, Behaviour.NOISY):
            with suppress(OSError):
                while caller.recv(READ_BYTES):
                    continue
            return
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._upstream)) as service:
            self._know(service)
            onward = threading.Thread(target=self._hand_on, args=(caller, service), daemon=True)
            onward.start()
            self._hand_back(service, caller, behaviour)
            onward.join()

    def _hand_on(self, caller: socket.socket, service: socket.socket) -> None:
        with suppress(OSError):
            while data := caller.recv(READ_BYTES):
                service.sendall(data)
        _end(service)

    def _hand_back(self, service: socket.socket, caller: socket.socket, behaviour: Behaviour) -> None:
        with suppress(OSError):
            while data := service.recv(READ_BYTES):
                if self._is_to_be_lost():
                    break
                if behaviour is Behaviour.SLOW:
                    _drip(caller, data)
                else:
                    caller.sendall(data)
        _end(caller)

    def _is_to_be_lost(self) -> bool:
        with self._lock:
            if self._losing is None or not self._losing():
                return False
            self._losing = None
            self.lost += 1
        return True

    def _know(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, gate: Gate) -> None:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    gate.serve(self.request)

        super().__init__(("127.0.0.1", gate.port), Handler)


def _drip(caller: socket.socket, data: bytes) -> None:
    for begin in range(0, len(data), SLOW_BYTES):
        caller.sendall(data[begin : begin + SLOW_BYTES])
        time.sleep(SLOW_SECONDS)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
