"""Somebody between the partner and the bank: a TLS server of its own, which hears what it is told.

It shows a certificate of its choice. Whatever it hears it may pass on to the bank, in a connection of its
own, with another certificate of its choice: the partner's key is at the partner.
"""

import contextlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from workshop.wire import NO_CREDENTIALS, Credentials, Exchange, Wire

# Those that belong to one connection (RFC 9110 §7.6.1), and the host that was called.
_NOT_PASSED_ON = frozenset({"host", "connection", "keep-alive", "transfer-encoding", "content-length"})
HANDSHAKE_SECONDS = 5.0


@dataclass(frozen=True)
class Onward:
    """Where to pass on what was heard, and whose certificate is shown there."""

    origin: str
    credentials: Credentials = NO_CREDENTIALS


@dataclass
class Middleman:
    """A server that hears. heard: the Authorization header of each request, empty where it had none."""

    origin: str
    heard: list[str] = field(default_factory=list)
    passed_on: list[Exchange] = field(default_factory=list)


@contextlib.contextmanager
def middleman(shown: Credentials, wire: Wire, onward: Onward | None = None) -> Iterator[Middleman]:
    """Somebody in the middle for as long as the block lasts.

    shown: the certificate with which it poses as the server. onward: None where nothing is passed on.
    """
    server = _Listener(("127.0.0.1", 0), _Handler)
    server.socket = _tls(shown).wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.middle = Middleman(f"https://localhost:{server.server_address[1]}")
    server.wire, server.onward = wire, onward
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.middle
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Listener(ThreadingHTTPServer):
    middle: Middleman
    wire: Wire
    onward: Onward | None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing to say: whoever does not like the certificate leaves in the handshake."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def setup(self) -> None:
        """Shake hands in the connection's own thread."""
        self.request.settimeout(HANDSHAKE_SECONDS)
        self.request.do_handshake()
        super().setup()

    def do_GET(self) -> None:
        """Hear, and pass on."""
        self._hear(b"")

    def do_POST(self) -> None:
        """Hear, and pass on."""
        self._hear(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _hear(self, body: bytes) -> None:
        self.server.middle.heard.append(self.headers.get("Authorization", ""))
        onward = self.server.onward
        if onward is None:
            self._answer(200, [], b"{}")
            return
        headers = [pair for pair in self.headers.items() if pair[0].lower() not in _NOT_PASSED_ON]
        passed_on = self.server.wire.send(
            self.command, onward.origin + self.path, onward.credentials, headers=headers, body=body or None
        )
        self.server.middle.passed_on.append(passed_on)
        self._answer(passed_on.status or 502, list(passed_on.headers.items()), passed_on.body)

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _NOT_PASSED_ON:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Not on the terminal of whoever plays."""


def _tls(shown: Credentials) -> ssl.SSLContext:
    if shown.certificate is None:
        raise ValueError("a server has a certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.certificate, shown.private_key)
    return context
