"""A TLS connection over pyOpenSSL that does a bounded amount of work between two waits.

OpenSSL processes all input that it can read before it returns to the caller: KeyUpdates, empty records and
alerts yield no data. From a socket that a peer keeps full it would never return, so that no other connection
is served and no deadline checked. So it reads from memory, which is given at most TURN_BYTES between two
waits, and writes to memory, which is sent before it is given more.
"""

import ssl
from contextlib import suppress
from errno import errorcode
from functools import cached_property
from typing import Any

from OpenSSL import SSL, crypto

from sender_constraint.tls.deadline_socket import TURN_BYTES, PacedSocket, PeerGone
from sender_constraint.tls.limits import Limits, Phase
from sender_constraint.tls.request_validation import check_records

UNEXPECTED_END = -1  # the errno that pyOpenSSL gives to the end of the stream without close_notify

RECORD_HEADER_BYTES = 5

# A record of a response. OpenSSL's memory keeps the size of the longest for the life of the connection.
WRITE_BYTES = 4096

SEND_BYTES = 16 * 1024


class Records:
    """The bytes that came from a peer, cut where TLS records end (RFC 8446 §5.1)."""

    def __init__(self) -> None:
        self._waiting = b""
        self._missing = 0  # bytes of the record that has been taken in part

    @property
    def between(self) -> bool:
        """Whether what was taken last ended a record."""
        return not self._missing

    def add(self, data: bytes) -> None:
        """Append what has been received."""
        self._waiting += data

    def take(self) -> bytes:
        """The next record, or what is here of it; nothing until its header is here."""
        if not self._missing:
            if len(self._waiting) < RECORD_HEADER_BYTES:
                return b""
            self._missing = RECORD_HEADER_BYTES + int.from_bytes(self._waiting[3:RECORD_HEADER_BYTES])
        taken, self._waiting = self._waiting[: self._missing], self._waiting[self._missing :]
        self._missing -= len(taken)
        return taken


class TLSSocket(PacedSocket):
    """The server's side of a TLS connection; ``handshake`` comes first, in the connection's own greenlet."""

    def __init__(self, raw: Any, context: SSL.Context, limits: Limits) -> None:
        super().__init__(raw, limits)
        raw.settimeout(0.0)  # the waits are those of PacedSocket, which have a limit
        self._context = context
        self._established = False
        self._certificates: tuple[bytes, ...] = ()
        self._records = Records()
        self._outgoing = b""

    @cached_property
    def _connection(self) -> SSL.Connection:
        # Not before the first byte has come: it takes 15 KB, and half the time of an idle connection.
        connection = SSL.Connection(self._context)
        connection.set_accept_state()
        return connection

    def begin(self, phase: Phase) -> None:
        """Enter a phase. Between two requests, the count of records without data begins again."""
        super().begin(phase)
        if phase in (Phase.ARRIVAL, Phase.IDLE):
            self._records_without_data = 0

    def arrival(self) -> bool:
        """Wait for the first bytes of the handshake; whether they came before the end."""
        try:
            self._fill()
        except SSL.SysCallError as error:
            if error.args[0] == UNEXPECTED_END:
                return False
            raise PeerGone(str(error)) from None
        return True

    def handshake(self) -> None:
        """Complete the handshake. Raises SSL.Error, or PeerGone at the limit."""
        self.begin(Phase.HANDSHAKE)
        while not self._established:
            self._feed()
            try:
                self._connection.do_handshake()
                self._established = True
            except SSL.WantReadError:
                self.take_turn()  # the next record may be here already
            except SSL.Error:
                self._send_alert()
                raise
            self._flush()
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
            while True:
                if not self._connection.pending():
                    self._feed()
                try:
                    return self._connection.recv(size)
                except SSL.WantReadError:
                    self._count_record()
                    self._flush()
        except SSL.ZeroReturnError:
            return b""
        except SSL.SysCallError as error:
            if error.args[0] == UNEXPECTED_END:
                return b""
            raise PeerGone(str(error)) from None
        except SSL.Error as error:
            self._send_alert()
            raise PeerGone(str(error)) from None

    def _transmit(self, data: memoryview) -> int:
        try:
            written = self._connection.send(data[:WRITE_BYTES])
            self._flush()
        except SSL.Error as error:
            raise PeerGone(str(error)) from None
        return written

    def _take_leave(self) -> None:
        if not self._established:
            return
        # close_notify is a courtesy (RFC 8446 §6.1) to a peer that may be gone, or not reading.
        with suppress(SSL.Error):
            self._connection.shutdown()
            self._send_some()

    def _count_record(self) -> None:
        """Count what has been read without any data in it, and refuse one too many."""
        if self._records.between:
            self._records_without_data += 1
            check_records(self._records_without_data)

    def _feed(self) -> None:
        """Give OpenSSL the next record, or as much of it as has come. Waits for it.

        No more than one, so that it is known of each whether there was data in it.
        """
        while not (piece := self._records.take()):
            self._fill()
        self._connection.bio_write(piece)

    def _fill(self) -> None:
        """Wait for bytes from the peer. Raises SSL.SysCallError at the end of the stream."""
        self._wait_readable()
        try:
            data = self._raw.recv(TURN_BYTES)
        except OSError as error:
            raise _failed(error) from None
        if not data:
            raise SSL.SysCallError(UNEXPECTED_END, "Unexpected EOF")
        self._records.add(data)

    def _flush(self) -> None:
        """Send all that OpenSSL has written. Raises PeerGone at the limit of the phase."""
        while not self._send_some():
            self._wait_writable()

    def _send_some(self) -> bool:
        """Send what OpenSSL has written, as far as the peer takes it now; whether that was surely all."""
        is_rest = bool(self._outgoing)
        try:
            self._outgoing = self._outgoing or self._connection.bio_read(SEND_BYTES)
            sent = self._raw.send(self._outgoing)
        except SSL.WantReadError:
            return True
        except BlockingIOError:
            return False
        except OSError as error:
            raise _failed(error) from None
        self._outgoing = self._outgoing[sent:]
        return not (self._outgoing or is_rest or sent == SEND_BYTES)

    def _send_alert(self) -> None:
        """Send the alert that says why the connection ends, if it can go at once."""
        with suppress(SSL.Error):
            self._send_some()

    def _presented(self) -> list[bytes]:
        leaf = self._connection.get_peer_certificate()
        if leaf is None:
            return []
        # On the server's side OpenSSL keeps the leaf apart from the rest of the chain.
        chain = [leaf, *(self._connection.get_peer_cert_chain() or [])]
        return [crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate) for certificate in chain]


def _failed(error: OSError) -> SSL.SysCallError:
    """As pyOpenSSL reports it."""
    return SSL.SysCallError(error.errno, errorcode.get(error.errno or 0))


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
