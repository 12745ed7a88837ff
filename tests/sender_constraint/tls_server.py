"""A small TLS server for tests: a function answers each request, and the test sees who asked."""

import json
import queue
import ssl
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from sender_constraint.core.thumbprints import certificate_thumbprint


@dataclass(frozen=True)
class Asked:
    """A request; thumbprint: that of the caller's certificate on this connection."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    thumbprint: str | None


@dataclass(frozen=True)
class Answer:
    """What the server says; parts: the body as it is sent, piece by piece; raw: the same with a header."""

    status: int = 200
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    parts: Iterable[bytes] | None = None
    raw: Iterable[bytes] | None = None
    hang_up: bool = False


class TLSServer(AbstractContextManager["TLSServer"]):
    """Serves on a port of localhost, by default a free one, within a with statement."""

    def __init__(self, context: ssl.SSLContext, answer: Callable[[Asked], Answer], port: int = 0) -> None:
        self.asked: list[Asked] = []
        self.failed_handshakes: queue.Queue[str] = queue.Queue()
        self.defects: list[BaseException | None] = []
        self._server = _Server(("127.0.0.1", port), _handler(self, answer))
        self._server.tls = context
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.origin = f"https://localhost:{self._server.server_port}"

    def __enter__(self) -> "TLSServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        assert self.defects == []

    def serve_with(self, context: ssl.SSLContext) -> None:
        """New connections get this context; those that are open keep theirs."""
        self._server.tls = context

    def count(self, path: str) -> int:
        return sum(asked.path == path for asked in self.asked)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    tls: ssl.SSLContext
    owner: TLSServer

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            secured = self.tls.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError) as error:
            self.owner.failed_handshakes.put(str(error))
            return
        with secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Callers hang up, that is part of the tests; anything else is a defect of the test's answer."""
        error = sys.exception()
        if not isinstance(error, OSError):
            self.owner.defects.append(error)


def _handler(server: TLSServer, answer: Callable[[Asked], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            der = self.connection.getpeercert(binary_form=True)
            thumbprint = certificate_thumbprint(der) if der else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body, thumbprint)
            server.asked.append(asked)
            self._send(answer(asked))

        def _send(self, said: Answer) -> None:
            if said.hang_up:
                self.close_connection = True
                return
            if said.raw is not None:
                self.close_connection = True
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                for part in said.raw:
                    self.wfile.write(part)
                return
            content = said.content if isinstance(said.content, bytes) else json.dumps(said.content).encode()
            self.send_response(said.status)
            for name, value in {"Content-Type": "application/json", **said.headers}.items():
                self.send_header(name, value)
            if said.parts is not None:
                self.close_connection = True
                self.send_header("Connection", "close")
                self.end_headers()
                for part in said.parts:
                    self.wfile.write(part)
                return
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = handle_any  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

    return Handler
