"""A relay before a server, which counts what passes: octets either way, and how often the direction changes.

It sees what a wire sees, TLS and all, but for the headers of TCP and IP.
"""

import contextlib
import socket
import threading
from dataclasses import dataclass, replace

CHUNK = 65536
CONNECT_SECONDS = 5
ACCEPT_SECONDS = 0.2


@dataclass(frozen=True)
class Count:
    """What passed. up: octets from callers to the server; down: octets back.

    round_trips: one for each connection (TCP's handshake), and one each time that callers spoke after the
    server did.
    """

    connections: int = 0
    up: int = 0
    down: int = 0
    round_trips: int = 0

    def __sub__(self, earlier: "Count") -> "Count":
        return Count(
            self.connections - earlier.connections,
            self.up - earlier.up,
            self.down - earlier.down,
            self.round_trips - earlier.round_trips,
        )

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.connections + other.connections,
            self.up + other.up,
            self.down + other.down,
            self.round_trips + other.round_trips,
        )

    @property
    def octets(self) -> int:
        """Both ways together."""
        return self.up + self.down


@dataclass
class _Passing:
    """One connection. peer: the caller's port."""

    peer: int
    count: Count
    callers_spoke: bool = False


class Relay:
    """Listens on loopback, and passes everything on. A context manager.

    server: the port of the server, on loopback, asked for at each connection: it may be started later.
    """

    def __init__(self, port: int, server: int) -> None:
        self.port = port
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", port))
        self._listening.settimeout(ACCEPT_SECONDS)
        self._lock = threading.Lock()
        self._passing: list[_Passing] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._accept, name=f"relay-{port}", daemon=True)

    def __enter__(self) -> "Relay":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self._thread.join()
        self._listening.close()

    def by_line(self) -> dict[tuple[int, int], Count]:
        """What has passed so far, by the server's and the caller's port."""
        with self._lock:
            counted: dict[tuple[int, int], Count] = {}
            for each in self._passing:
                line = (self.port, each.peer)
                counted[line] = counted.get(line, Count()) + each.count
            return counted

    def _accept(self) -> None:
        while not self._stopping:
            try:
                caller, (_, peer) = self._listening.accept()
            except TimeoutError:
                continue
            passing = _Passing(peer, Count(connections=1, round_trips=1))
            with self._lock:
                self._passing.append(passing)
            threading.Thread(target=self._serve, args=(caller, passing), daemon=True).start()

    def _serve(self, caller: socket.socket, passing: _Passing) -> None:
        caller.setblocking(True)
        try:
            server = socket.create_connection(("127.0.0.1", self._server), CONNECT_SECONDS)
        except OSError:
            caller.close()
            return
        server.settimeout(None)
        for each in (caller, server):
            # What passes on at once is not to wait for what follows.
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = threading.Thread(target=self._pump, args=(server, caller, passing, False), daemon=True)
        back.start()
        self._pump(caller, server, passing, True)
        back.join()
        caller.close()
        server.close()

    def _pump(self, source: socket.socket, sink: socket.socket, passing: _Passing, upwards: bool) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                # Counted before it is passed on: the answer comes after.
                self._note(passing, len(chunk), upwards)
                sink.sendall(chunk)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _note(self, passing: _Passing, octets: int, upwards: bool) -> None:
        with self._lock:
            counted = passing.count
            if not upwards:
                passing.count = replace(counted, down=counted.down + octets)
            else:
                turned = 0 if passing.callers_spoke else 1
                passing.count = replace(
                    counted, up=counted.up + octets, round_trips=counted.round_trips + turned
                )
            passing.callers_spoke = upwards
