"""A connection that sends octets as they are, and reads answers as HTTP frames them (RFC 9112 §6)."""

import contextlib
import socket
import ssl
from collections.abc import Iterator

from tests.fuzz.message import Answer, Message

# Longer than any limit of the servers: who has not answered by then hangs.
PATIENCE_SECONDS = 30
NO_BODY = (204, 304)


class Ended(Exception):
    """The server ended the connection."""


class Connection:
    """To one port, made when it is needed, and again after it has ended.

    context: of TLS, with the caller's certificate; None for plain HTTP.
    """

    def __init__(self, port: int, context: ssl.SSLContext | None) -> None:
        self._port = port
        self._context = context
        self._socket: socket.socket | None = None
        self._buffer = b""

    def send(self, message: Message) -> Answer:
        """Send a request, and read the answer. Whatever the server does is one: it never raises for that."""
        kept = self._socket is not None
        answer = self._exchange(message)
        if kept and answer.status is None and not answer.too_slow and message.whole:
            # A server may end an idle connection at any time, also now: once more, on a new one.
            answer = self._exchange(message)
        return answer

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._buffer = None, b""

    def _exchange(self, message: Message) -> Answer:
        try:
            connection = self._socket or self._connect()
            # A server that refuses early may stop reading: its answer is there all the same.
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                connection.sendall(message.octets)
                if not message.whole:
                    # Beneath TLS: ssl's own shutdown would forget how to decrypt the answer.
                    socket.socket.shutdown(connection, socket.SHUT_WR)
            answer = self._read(message)
        except TimeoutError:
            answer = Answer(None, too_slow=True)
        except (Ended, OSError):
            answer = Answer(None)
        if answer.status is None or not message.whole or answer.headers.get("connection") == "close":
            self.close()
        return answer

    def _connect(self) -> socket.socket:
        raw = socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE_SECONDS)
        try:
            self._socket = (
                self._context.wrap_socket(raw, server_hostname="localhost") if self._context else raw
            )
        except BaseException:
            raw.close()
            raise
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def _read(self, message: Message) -> Answer:
        while True:
            head = self._until(b"\r\n\r\n")
            status_line, *lines = head.decode("latin-1").split("\r\n")
            status = int(status_line.split(" ")[1])
            pairs = (line.partition(":") for line in lines)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            if status >= 200:
                break
        if message.is_head or status in NO_BODY:
            return Answer(status, headers)
        if "transfer-encoding" in headers:
            return Answer(status, headers, b"".join(self._chunks()))
        if "content-length" in headers:
            return Answer(status, headers, self._exactly(int(headers["content-length"])))
        return Answer(status, headers | {"connection": "close"}, self._rest())

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._until(b"\r\n").partition(b";")[0], 16):
            yield self._exactly(size)
            self._until(b"\r\n")
        self._until(b"\r\n")

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            self._receive()
        found, _, self._buffer = self._buffer.partition(end)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._receive()
        found, self._buffer = self._buffer[:size], self._buffer[size:]
        return found

    def _rest(self) -> bytes:
        with contextlib.suppress(Ended, ssl.SSLError, ConnectionError):
            while True:
                self._receive()
        found, self._buffer = self._buffer, b""
        return found

    def _receive(self) -> None:
        assert self._socket is not None
        received = self._socket.recv(65_536)
        if not received:
            raise Ended
        self._buffer += received
