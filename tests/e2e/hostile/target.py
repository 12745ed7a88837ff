"""A port of the environment: how to reach it, what an honest caller does there, what its server says."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workshop.wire import Credentials

PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Target:
    """One server of the environment.

    arbiter: the process id of its gunicorn. log: what it writes on standard error.
    trust_bundle: the authorities by which its certificate is verified; None where it speaks plain HTTP.
    honest: calls it as an honest caller does, on a new connection; returns the HTTP status.
    protected: an HTTP request, whole, that takes a good certificate and is refused with any other.
    """

    name: str
    port: int
    arbiter: int
    log: Path
    trust_bundle: Path | None
    honest: Callable[[], int | None]
    protected: bytes

    def tracebacks(self) -> int:
        """How many tracebacks its log holds."""
        return self.log.read_text().count("Traceback") if self.log.exists() else 0

    def tcp(self) -> socket.socket:
        """A TCP connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)

    def context(self, credentials: Credentials | None = None) -> ssl.SSLContext:
        """A client's context, with these credentials or with none."""
        context = ssl.create_default_context(cafile=str(self.trust_bundle))
        if credentials is not None and credentials.certificate is not None:
            context.load_cert_chain(credentials.certificate, credentials.private_key)
        return context

    def connect(self) -> socket.socket:
        """A connection on which an HTTP request may be sent; without a certificate where it is TLS."""
        raw = self.tcp()
        if self.trust_bundle is None:
            return raw
        try:
            return self.context().wrap_socket(raw, server_hostname="localhost")
        except BaseException:
            raw.close()
            raise
