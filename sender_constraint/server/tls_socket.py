"""A TLS connection over pyOpenSSL, with cooperative waits.

pyOpenSSL raises WantReadError and WantWriteError where the standard library would wait; reading may
have to write and writing to read. Each operation is retried when the socket is ready for what it wants.
"""

import socket
import ssl
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from OpenSSL import SSL, crypto

from sender_constraint.server.limits import Limits, Phase
from sender_constraint.server.paced_socket import PacedSocket, PeerGone

Result = TypeVar("Result")

UNEXPECTED_END = -1  # the errno that pyOpenSSL gives to the end of the stream without close_notify


class TLSSocket(PacedSocket):
    """The server's side of a TLS connection; ``handshake`` comes first, in the connection's own greenlet."""

    def __init__(self, raw: Any, context: SSL.Context, limits: Limits) -> None:
        super().__init__(raw, limits)
        self._context = context
        self._established = False
        self._certificates: tuple[bytes, ...] = ()

    @cached_property
    def _connection(self) -> SSL.Connection:
        # Not before the first byte has come: it takes 15 KB, and half the time of an idle connection.
        connection = SSL.Connection(self._context, self._raw)
        connection.set_accept_state()
        return connection

    def arrival(self) -> bool:
        """Wait for the first byte of the handshake; whether it came before the end."""
        self._wait_readable()
        try:
            return bool(self._raw.recv(1, socket.MSG_PEEK))
        except OSError as error:
            raise PeerGone(str(error)) from None

    def handshake(self) -> None:
        """Complete the handshake. Raises SSL.Error, or PeerGone at the limit."""
        self.begin(Phase.HANDSHAKE)
        self._when_ready(self._connection.do_handshake)
        self._established = True
        self._certificates = tuple(self._presented())
        self.begin(Phase.ARRIVAL)

    def peer_certificates(self) -> tuple[bytes, ...]:
        """What the peer presented in the handshake, DER, the leaf first; empty if nothing.

        Of the leaf's key the handshake has proven possession; nothing else has been checked.
        """
        return self._certificates

    @property
    def version(self) -> str:
        """The version of the protocol, for example ``TLSv1.3``."""
        return self._connection.get_protocol_version_name()

    @property
    def fatal_alert(self) -> str | None:
        """The fatal alert that ended the connection (RFC 8446 §6), for example ``decrypt_error``."""
        code = self._connection.get_app_data()
        return None if code is None else alert_name(code)

    def _receive(self, size: int) -> bytes:
        try:
            return self._when_ready(self._connection.recv, size)
        except SSL.ZeroReturnError:
            return b""
        except SSL.SysCallError as error:
            if error.args[0] == UNEXPECTED_END:
                return b""
            raise PeerGone(str(error)) from None
        except SSL.Error as error:
            raise PeerGone(str(error)) from None

    def _transmit(self, data: memoryview) -> int:
        try:
            return self._when_ready(self._connection.send, data)
        except SSL.Error as error:
            raise PeerGone(str(error)) from None

    def _take_leave(self) -> None:
        if not self._established:
            return
        try:
            self._connection.shutdown()
        except SSL.Error:
            # close_notify is a courtesy (RFC 8446 §6.1) to a peer that may be gone, or not reading.
            return

    def _when_ready(self, operation: Callable[..., Result], *arguments: Any) -> Result:
        while True:
            try:
                return operation(*arguments)
            except SSL.WantReadError:
                self._wait_readable()
            except SSL.WantWriteError:
                self._wait_writable()

    def _presented(self) -> list[bytes]:
        leaf = self._connection.get_peer_certificate()
        if leaf is None:
            return []
        # On the server's side OpenSSL keeps the leaf apart from the rest of the chain.
        chain = [leaf, *(self._connection.get_peer_cert_chain() or [])]
        return [crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate) for certificate in chain]


def note_fatal_alert(connection: SSL.Connection, where: int, code: int) -> None:
    """OpenSSL's information callback: keep the first fatal alert, sent or received."""
    level, description = divmod(code, 256)
    if where & SSL.SSL_CB_ALERT and level == 2 and connection.get_app_data() is None:
        connection.set_app_data(description)


def alert_name(code: int) -> str:
    """The name of an alert as RFC 8446 §6 writes it; its number where it has none."""
    try:
        return ssl.AlertDescription(code).name.removeprefix("ALERT_DESCRIPTION_").lower()
    except ValueError:
        return str(code)
