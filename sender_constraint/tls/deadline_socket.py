"""The socket that gunicorn reads requests from: every wait on the peer ends at the limit of its phase.

gunicorn's gevent worker has one limit for the time between two requests and none for anything else; and
a limit on single reads would let a peer that trickles bytes stay for ever. Here a phase has a deadline.
"""

import errno
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from time import monotonic
from types import TracebackType
from typing import Any, NoReturn, Self

import gevent
import gevent.socket
from gunicorn.http.errors import LimitRequestHeaders

from sender_constraint.tls.limits import Limits, Phase

# What one turn reads: a body in chunks of one byte costs the parser a few microseconds a byte.
TURN_BYTES = 2048

# The parser reads a head from its beginning each time that more of it comes. At half a megabyte, which the
# limits for a line and for the number of lines allow, each further byte costs a millisecond.
MAX_HEAD_BYTES = 32 * 1024

READ_EVENT = 1  # libev's

LINGER_SECONDS = 2
LINGER_BYTES = 4 * 1024 * 1024


class PeerGone(ConnectionResetError):
    """The connection is of no more use: gunicorn takes it for a reset, and closes without a word."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.ECONNRESET, reason)


class PacedSocket(ABC):
    """A connection as gunicorn needs it; the subclasses say how bytes travel.

    phase, since: what the connection is waiting for, and from when (monotonic seconds).
    expired: the phase whose limit ended the connection, if one did.
    dismissed: whether it was told to leave, and has not left yet.
    lingers: whether closing first reads what the peer still sends, so that it gets to see our last words
        instead of a reset (RFC 9112 §9.6).
    """

    def __init__(self, raw: Any, limits: Limits) -> None:
        self._raw = raw
        self._limits = limits
        self._closed = False
        self.expired: Phase | None = None
        self.dismissed = False
        self.lingers = False
        self.begin(Phase.ARRIVAL)

    def begin(self, phase: Phase) -> None:
        """Enter a phase; its time counts from now."""
        self.phase = phase
        self.since = monotonic()
        self._received_bytes = 0
        self._deadline = self.since + self._limits.seconds[phase]

    def recv(self, size: int) -> bytes:
        """Up to ``size`` bytes; none at the end. A request's first byte begins the phase of its header.

        Raises PeerGone at the limit of the phase, and gunicorn's LimitRequestHeaders if a head is too long.
        """
        self.take_turn()
        data = self._receive(min(size, TURN_BYTES))
        if data and self.phase in (Phase.ARRIVAL, Phase.IDLE):
            self.begin(Phase.HEADER)
        self._received_bytes += len(data)
        if self.phase is Phase.HEADER and self._received_bytes > MAX_HEAD_BYTES:
            raise LimitRequestHeaders(f"more than {MAX_HEAD_BYTES} bytes")
        return data

    def sendall(self, data: bytes) -> None:
        """Send all of it within the limit of one write. Raises PeerGone."""
        self._deadline = monotonic() + self._limits.seconds[Phase.RESPONSE]
        rest = memoryview(data)
        while rest:
            rest = rest[self._transmit(rest) :]
            if rest:
                self.take_turn()

    def take_turn(self) -> None:
        """Let every other connection have its turn. Raises PeerGone at the limit of the phase.

        A peer that is always ready would never let another connection have one, and would meet no limit.
        """
        gevent.sleep(0)
        self._remaining()

    def peer_certificates(self) -> tuple[bytes, ...]:
        """What the peer presented in the handshake, DER, the leaf first; empty if nothing."""
        return ()

    def dismiss(self) -> None:
        """Let the peer's next byte never come: whoever waits for it reads the end of the stream."""
        self.dismissed = True
        self.shutdown(socket.SHUT_RD)

    def shutdown(self, how: int) -> None:
        """Shut down one or both directions of the TCP connection."""
        try:
            self._raw.shutdown(how)
        except OSError:
            # Gone already: that is what was asked for.
            return

    def fileno(self) -> int:
        """The descriptor of the TCP connection."""
        return int(self._raw.fileno())

    def close(self) -> None:
        """Take leave and close; more than once is harmless."""
        if self._closed:
            return
        self._closed = True
        self._take_leave()
        if self.lingers:
            self._linger()
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _receive(self, size: int) -> bytes: ...

    @abstractmethod
    def _transmit(self, data: memoryview) -> int: ...

    def _take_leave(self) -> None:
        return

    @cached_property
    def _readable(self) -> Any:
        # One for the life of the connection: to make one for each wait takes three times as long as the wait.
        return gevent.get_hub().loop.io(self.fileno(), READ_EVENT)

    def _wait(self, wait: Callable[..., None], what: Any) -> None:
        try:
            wait(what, timeout=self._remaining())
        except TimeoutError:
            self._expire()

    def _expire(self) -> NoReturn:
        self.expired = self.phase
        raise PeerGone(f"too slow: {self.phase}") from None

    def _remaining(self) -> float:
        """Seconds to the limit of the phase. Raises PeerGone where it has been reached."""
        remaining = self._deadline - monotonic()
        if remaining <= 0:
            self._expire()
        return remaining

    def _wait_readable(self) -> None:
        self._wait(gevent.socket.wait, self._readable)

    def _wait_writable(self) -> None:
        self._wait(gevent.socket.wait_write, self.fileno())

    def _linger(self) -> None:
        self.shutdown(socket.SHUT_WR)
        deadline, drained = monotonic() + LINGER_SECONDS, 0
        while drained < LINGER_BYTES and (remaining := deadline - monotonic()) > 0:
            self._raw.settimeout(remaining)
            try:
                data = self._raw.recv(65536)
            except OSError:
                return
            if not data:
                return
            drained += len(data)


class PlainSocket(PacedSocket):
    """A TCP connection without TLS."""

    def _receive(self, size: int) -> bytes:
        self._wait_readable()
        try:
            return bytes(self._raw.recv(size))
        except OSError as error:
            raise PeerGone(str(error)) from None

    def _transmit(self, data: memoryview) -> int:
        self._wait_writable()
        try:
            return int(self._raw.send(data))
        except OSError as error:
            raise PeerGone(str(error)) from None
