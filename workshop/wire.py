"""One HTTPS request with exactly the certificate, headers and path that the caller chooses.

Attacks need requests that no well-behaved client library would send, and the local port of a
connection that TLS ended; so this speaks through ``http.client``. The server is always verified.
"""

import http.client
import json
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sender_constraint.core.correlation import CORRELATION_HEADER, new_correlation_id
from sender_constraint.core.errors import Refusal

TIMEOUT_SECONDS = 10
# What is said of a connection that ended without an alert and without an answer.
CLOSED = "closed"


@dataclass(frozen=True)
class Credentials:
    """What a caller shows in the handshake: PEM files; certificate None means none is shown."""

    certificate: Path | None = None
    private_key: Path | None = None


NO_CREDENTIALS = Credentials()


@dataclass(frozen=True)
class Exchange:
    """One request and what came back.

    status: HTTP status, or None where TLS ended the connection.
    alert: what TLS said in that case, in OpenSSL's words; CLOSED where it said nothing.
    local_address: ``ip:port`` of the caller, as the server sees it. started_at: aware; a port comes back.
    refusal: why the caller's own side ended it, where it did.
    """

    method: str
    url: str
    correlation_id: str
    local_address: str
    started_at: datetime
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    alert: str | None = None
    refusal: Refusal | None = None

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def error(self) -> str | None:
        """The error code in the body, or TLS's alert."""
        document = self.json()
        return document.get("error") if isinstance(document, dict) else self.alert


class Wire:
    """Makes requests, each on a connection of its own, and verifies servers by one trust bundle."""

    def __init__(self, trust_bundle: Path) -> None:
        self._trust_bundle = trust_bundle

    def send(
        self,
        method: str,
        url: str,
        credentials: Credentials = NO_CREDENTIALS,
        *,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
        tls: ssl.TLSVersion | None = None,
    ) -> Exchange:
        """Send one request.

        headers: pairs, where one header is to be sent twice. tls fixes the version of TLS; otherwise the two
        sides choose the best.
        """
        context = self._context(credentials, tls)
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = _pairs(headers)
        given = [value for name, value in sent if name.lower() == CORRELATION_HEADER]
        correlation_id = given[0] if given else new_correlation_id()
        own = [] if given else [(CORRELATION_HEADER, correlation_id)]
        host, port = str(parts.hostname), parts.port or 443
        # Without a context of ours it would load the system's authorities, which takes longer than the call.
        connection = http.client.HTTPSConnection(host, port, context=context)
        plain = socket.create_connection((host, port), timeout=TIMEOUT_SECONDS)
        address, started_at = "{}:{}".format(*plain.getsockname()[:2]), datetime.now(UTC)

        def ended(**members: Any) -> Exchange:
            return Exchange(method, url, correlation_id, address, started_at, **members)

        try:
            connection.sock = context.wrap_socket(plain, server_hostname=host)
            _write(connection, method, target, [*own, *sent], body)
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            return ended(status=response.status, headers=received, body=response.read())
        except ssl.SSLError as error:
            return ended(alert=alert_of(error))
        except ConnectionError:
            # A reset or an end: which of them it is depends on what was still on its way.
            return ended(alert=CLOSED)
        finally:
            connection.close()
            plain.close()

    def _context(self, credentials: Credentials, tls: ssl.TLSVersion | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self._trust_bundle))
        if tls is not None:
            context.minimum_version = context.maximum_version = tls
        if credentials.certificate is not None:
            # A weak key is for the server to refuse, and not for our own side to keep back.
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.load_cert_chain(credentials.certificate, credentials.private_key)
        return context


def _pairs(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(headers.items() if isinstance(headers, Mapping) else headers)


def _write(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    headers: list[tuple[str, str]],
    body: bytes | None,
) -> None:
    """A request as ``http.client`` writes it, but with any header as often as it is given."""
    named = {name.lower() for name, _ in headers}
    connection.putrequest(
        method, target, skip_host="host" in named, skip_accept_encoding="accept-encoding" in named
    )
    if body is not None and not named & {"content-length", "transfer-encoding"}:
        connection.putheader("Content-Length", str(len(body)))
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders(body)


def alert_of(error: ssl.SSLError) -> str:
    """The alert in an SSLError, as RFC 8446 §6 spells it: ``decrypt_error``."""
    reason = (error.reason or str(error)).lower()
    return reason.rpartition("alert_")[2]
