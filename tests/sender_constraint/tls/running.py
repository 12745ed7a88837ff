"""A real gunicorn in a process of its own, and callers over real sockets."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.x509.oid import ExtendedKeyUsageOID

from operations.settings.environment import REPOSITORY
from sender_constraint.certificates.generations import GenerationStore
from tests.sender_constraint.tls.certificates import Identity, authority, leaf
from tests.waiting import eventually

PATIENCE_SECONDS = 20
APPLICATION = "tests.sender_constraint.tls.application:application"


class Server:
    """A server process and what a test needs to call it."""

    def __init__(self, state: Path, kind: str, **settings: str) -> None:
        self.state = state
        self.authority = authority()
        self.store = GenerationStore(state / "certificates" / "server")
        self.port = _free_port()
        self.log = state / "stderr.log"
        self._kind = kind
        self._settings = settings
        self.process: subprocess.Popen[bytes] | None = None

    def publish_generation(self) -> Identity:
        """A new server certificate, published as renewal does."""
        server = leaf("localhost", self.authority, ExtendedKeyUsageOID.SERVER_AUTH)
        self.store.publish(server.key_pem, server.chain_pem, datetime.now(UTC))
        return server

    def start(self) -> None:
        configuration = self.state / "gunicorn.conf.py"
        configuration.write_text(
            f"from operations.settings.gunicorn import {self._kind}\n"
            f"globals().update({self._kind}('example'))\n"
        )
        environment = {
            **os.environ,
            "STATE_DIR": str(self.state),
            "BIND": f"127.0.0.1:{self.port}",
            "PYTHONPATH": str(REPOSITORY),
            "OCSP_URL": "http://127.0.0.1:1/ocsp",  # nobody is there
            **self._settings,
        }
        command = [sys.executable, "-W", "error", "-m", "gunicorn", "-c", str(configuration), APPLICATION]
        with self.log.open("wb") as log:
            process = subprocess.Popen(command, env=environment, cwd=self.state, stderr=log)
        self.process = process
        eventually(lambda: self._listens() or process.poll() is not None, "the server listens")
        assert process.poll() is None, self.log.read_text()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_SECONDS)

    def events(self, event: str) -> list[dict[str, Any]]:
        """The events of one kind in the audit trail."""
        trail = self.state / "audit" / "audit.jsonl"
        lines = trail.read_text().splitlines() if trail.exists() else []
        return [each for each in map(json.loads, lines) if each["event"] == event]

    def event_of(self, event: str, address: tuple[str, int]) -> dict[str, Any]:
        """The event of one kind about one peer, as soon as it is there."""
        peer = f"{address[0]}:{address[1]}"

        def found() -> dict[str, Any] | None:
            return next((each for each in self.events(event) if each.get("peer") == peer), None)

        return eventually(found, f"{event} of {peer} in the audit trail")

    def trust(self) -> ssl.SSLContext:
        """A client's context that trusts this server's authority."""
        return ssl.create_default_context(cadata=self.authority.certificate_pem.decode())

    def write_trust_bundle(self, folder: Path) -> Path:
        """The same authority as a file."""
        path = folder / "trust.pem"
        path.write_bytes(self.authority.certificate_pem)
        return path

    def tcp(self) -> socket.socket:
        """A TCP connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)

    def tls(self, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """A TLS connection, with whatever certificate the context has."""
        raw = self.tcp()
        try:
            return (context or self.trust()).wrap_socket(raw, server_hostname="localhost")
        except BaseException:
            raw.close()
            raise

    def http(self, context: ssl.SSLContext | None = None) -> http.client.HTTPConnection:
        """A keep-alive HTTP connection; close it."""
        if self._kind == "plain_front":
            return http.client.HTTPConnection("localhost", self.port, timeout=PATIENCE_SECONDS)
        context = context or self.trust()
        return http.client.HTTPSConnection("localhost", self.port, timeout=PATIENCE_SECONDS, context=context)

    def get(self, path: str = "/", context: ssl.SSLContext | None = None) -> dict[str, Any]:
        """What the application saw of one request on a connection of its own."""
        connection = self.http(context)
        try:
            return get(connection, path)
        finally:
            connection.close()

    def _listens(self) -> bool:
        try:
            self.tcp().close()
        except ConnectionRefusedError:
            return False
        return True


@contextmanager
def running(state: Path, kind: str = "tls_front", **settings: str) -> Iterator[Server]:
    """A server on a port of its own; settings are environment variables."""
    server = Server(state, kind, **settings)
    if kind == "tls_front":
        server.publish_generation()
    try:
        server.start()
        yield server
        server.stop()
        log = server.log.read_text()
        # Whatever the callers of the test did: only what the application did leaves a traceback.
        assert log.count("Traceback") == log.count("RuntimeError: the application crashed"), log
    finally:
        server.stop()


def get(connection: http.client.HTTPConnection, path: str = "/") -> dict[str, Any]:
    """What the application saw of one request on this connection."""
    connection.request("GET", path)
    response = connection.getresponse()
    content = response.read()
    assert response.status == http.client.OK, content
    seen: dict[str, Any] = json.loads(content)
    return seen


def read_all(connection: socket.socket) -> bytes:
    """Everything until the server closes, by whatever means."""
    received = b""
    try:
        while data := connection.recv(65536):
            received += data
    except (ConnectionResetError, ssl.SSLEOFError):
        return received
    return received


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
