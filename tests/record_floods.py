"""Records of TLS that move nothing, without an end.

``python -m tests.record_floods`` reads an Order as JSON from standard input and writes an Outcome: a program
of its own, so that the flood does not slow the honest caller who is measured next to it.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import chain, islice, repeat
from pathlib import Path
from time import monotonic

from OpenSSL import SSL

from operations.settings.environment import REPOSITORY
from tests.record_layer import (
    ALERT,
    APPLICATION_DATA,
    HANDSHAKE,
    KEY_UPDATE,
    KEY_UPDATE_REQUESTED,
    USER_CANCELED,
    RecordClient,
    record_client,
)

TLS_1_2, TLS_1_3 = SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION

PATIENCE_SECONDS = 30
AT_ONCE = 200  # records sealed and sent in one go

HEAD = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
LONG_CERTIFICATE = b"\x0b\x01\x80\x00"  # a Certificate message that announces 96 KiB
LONG_CLIENT_HELLO = b"\x01\x01\x80\x00"


@dataclass(frozen=True)
class Flood:
    """Records for one connection.

    records: what is sent, without an end. version: of TLS. finished: whether the handshake is completed
    first.
    """

    records: Callable[[RecordClient], Iterator[bytes]]
    version: int = TLS_1_3
    finished: bool = True

    @contextmanager
    def on(self, raw: socket.socket, trust_bundle: Path) -> Iterator[Iterator[bytes]]:
        """The records for this connection, which is closed at the end."""
        with record_client(raw, trust_bundle, self.version, finished=self.finished) as client:
            yield self.records(client)


@dataclass(frozen=True)
class PlainFlood:
    """Records in the clear, in the place of a ClientHello: first this one, then the other without an end."""

    first: bytes
    then: bytes

    @contextmanager
    def on(self, raw: socket.socket, _trust_bundle: Path) -> Iterator[Iterator[bytes]]:
        """The records for this connection, which is closed at the end."""
        with raw:
            yield chain([self.first], repeat(self.then))


def key_updates(message: bytes) -> Callable[[RecordClient], Iterator[bytes]]:
    """KeyUpdates, each under the key of the one before."""
    return lambda client: (client.records.key_update(message) for _ in repeat(None))


def sealed(kind: int, content: bytes, first: bytes = b"") -> Callable[[RecordClient], Iterator[bytes]]:
    """Records of one kind and content. first: what comes before them, in a record of the same kind."""

    def records(client: RecordClient) -> Iterator[bytes]:
        beginning = [client.records.seal(kind, first)] if first else []
        return chain(beginning, (client.records.seal(kind, content) for _ in repeat(None)))

    return records


# What a server answers with a refusal once there are too many.
WITHOUT_DATA: Mapping[str, Flood] = {
    "KeyUpdates": Flood(key_updates(KEY_UPDATE)),
    "KeyUpdates that ask for one": Flood(key_updates(KEY_UPDATE_REQUESTED)),
    "empty records": Flood(sealed(APPLICATION_DATA, b"")),
    "empty records of TLS 1.2": Flood(sealed(APPLICATION_DATA, b""), TLS_1_2),
}

# What takes until the end of its phase.
IN_A_HEADER: Mapping[str, Flood] = {
    "a header in records of one byte": Flood(sealed(APPLICATION_DATA, b"x", HEAD)),
    "a header in records of one byte of TLS 1.2": Flood(sealed(APPLICATION_DATA, b"x", HEAD), TLS_1_2),
}

FLOODS: Mapping[str, Flood | PlainFlood] = {
    **WITHOUT_DATA,
    **IN_A_HEADER,
    "alerts of TLS 1.2": Flood(sealed(ALERT, USER_CANCELED), TLS_1_2),
    "HelloRequests of TLS 1.2": Flood(sealed(HANDSHAKE, bytes(4)), TLS_1_2),
    "a Certificate in records of one byte": Flood(sealed(HANDSHAKE, b"x", LONG_CERTIFICATE), finished=False),
    "empty records within the handshake": Flood(sealed(APPLICATION_DATA, b""), finished=False),
    "a ClientHello in records of one byte": PlainFlood(
        b"\x16\x03\x01\x00\x04" + LONG_CLIENT_HELLO, b"\x16\x03\x01\x00\x01x"
    ),
    "ChangeCipherSpecs before a ClientHello": PlainFlood(b"", b"\x14\x03\x01\x00\x01\x01"),
    "alerts before a ClientHello": PlainFlood(b"", b"\x15\x03\x01\x00\x02" + USER_CANCELED),
    "empty records before a ClientHello": PlainFlood(b"", b"\x16\x03\x01\x00\x00"),
}


@dataclass(frozen=True)
class Order:
    """What to do.

    case: a key of FLOODS. seconds: for how long a connection that the server ended is followed by another.
    """

    port: int
    trust_bundle: str
    case: str
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """How it went. longest_seconds: how long the server kept the connection that it kept longest."""

    connections: int
    records: int
    longest_seconds: float


def run(order: Order) -> Outcome:
    """Carry an order out; returns when its time is over and the server has ended the last connection."""
    sent, lives = 0, []
    end = monotonic() + order.seconds
    while monotonic() < end:
        began = monotonic()
        with suppress(OSError, SSL.Error):
            raw = socket.create_connection(("127.0.0.1", order.port), PATIENCE_SECONDS)
            with FLOODS[order.case].on(raw, Path(order.trust_bundle)) as records:
                began = monotonic()
                while monotonic() < began + PATIENCE_SECONDS:
                    raw.sendall(b"".join(islice(records, AT_ONCE)))
                    sent += AT_ONCE
        lives.append(monotonic() - began)
    return Outcome(len(lives), sent, max(lives))


class Flooding:
    """A process that carries out an order."""

    def __init__(self, order: Order) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.record_floods"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(order)))
        self._process.stdin.close()
        self._process.stdin = None

    def goes_on(self) -> bool:
        """Whether it is not over."""
        return self._process.poll() is None

    def outcome(self) -> Outcome:
        """Wait until it is over."""
        return Outcome(**json.loads(self._process.communicate()[0]))


if __name__ == "__main__":
    json.dump(asdict(run(Order(**json.load(sys.stdin)))), sys.stdout)
