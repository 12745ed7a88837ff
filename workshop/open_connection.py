"""A connection that stays open: whoever called on it before something happened calls on it afterwards."""

import http.client
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from sender_constraint.core.correlation import CORRELATION_HEADER, new_correlation_id
from workshop.calls import Call
from workshop.wire import CLOSED, TIMEOUT_SECONDS, Credentials, Exchange, alert_of


class OpenConnection:
    """One TLS connection, on which any number of requests are made. To be closed.

    origin: https, without a slash at the end. trust_bundle: PEM, by which the server is verified.
    """

    def __init__(self, trust_bundle: Path, origin: str, credentials: Credentials) -> None:
        context = ssl.create_default_context(cafile=str(trust_bundle))
        if credentials.certificate is not None:
            context.load_cert_chain(credentials.certificate, credentials.private_key)
        parts = urlsplit(origin)
        self._connection = http.client.HTTPSConnection(
            str(parts.hostname), parts.port or 443, context=context, timeout=TIMEOUT_SECONDS
        )
        self._connection.connect()
        self._connection.auto_open = 0  # another connection would not be the one that was open
        self._address = "{}:{}".format(*self._connection.sock.getsockname()[:2])

    @property
    def local_port(self) -> int:
        """Our own end of it."""
        return int(self._address.rpartition(":")[2])

    def send(self, call: Call) -> Exchange:
        """Make a call on it, with a correlation id of its own. An alert says that it is open no more.

        Credentials were shown when it was opened: those of the call are not looked at.
        """
        correlation_id, started_at = new_correlation_id(), datetime.now(UTC)
        exchange = Exchange(call.method, call.url, correlation_id, self._address, started_at)
        headers = {**dict(call.all_headers()), CORRELATION_HEADER: correlation_id}
        try:
            self._connection.request(call.method, urlsplit(call.url).path, call.body, headers)
            response = self._connection.getresponse()
            content = response.read()
        except ssl.SSLError as error:
            return replace(exchange, alert=alert_of(error))
        except (OSError, http.client.HTTPException):
            return replace(exchange, alert=CLOSED)
        received = {name.lower(): value for name, value in response.getheaders()}
        return replace(exchange, status=response.status, headers=received, body=content)

    def close(self) -> None:
        """Close it."""
        self._connection.close()
