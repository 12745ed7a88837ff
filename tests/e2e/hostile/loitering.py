"""Connections in numbers that say little, or nothing, or nonsense."""

import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from secrets import token_bytes
from socket import socket

from tests.e2e.hostile.target import Target

SLOW_REQUEST = b"GET /health HTTP/1.1\r\nX-Slow: " + b"x" * 1000


@contextmanager
def saying(target: Target, messages: Sequence[bytes], count: int) -> Iterator[list[socket]]:
    """``count`` TCP connections, each of which says the next of these messages and no more."""
    with ExitStack() as stack:
        connections = []
        for number in range(count):
            connection = stack.enter_context(target.tcp())
            # Some are refused before they have said it all.
            with suppress(ConnectionError):
                connection.sendall(messages[number % len(messages)])
            connections.append(connection)
        yield connections


@contextmanager
def trickling(target: Target, count: int) -> Iterator[None]:
    """``count`` callers, past their handshakes, each of which sends one byte of a header in a second."""
    stop = threading.Event()

    def trickle(connections: Sequence[socket]) -> None:
        for byte in SLOW_REQUEST:
            for connection in connections:
                with suppress(OSError):
                    connection.sendall(bytes([byte]))
            if stop.wait(1):
                return

    with ExitStack() as stack:
        connections = [stack.enter_context(target.connect()) for _ in range(count)]
        thread = threading.Thread(target=trickle, args=(connections,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def client_hello(target: Target) -> bytes:
    """What a client of this server says first, in one record."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = target.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def in_records_of_one_byte(hello: bytes) -> bytes:
    """The same message, each of its bytes in a record of its own (RFC 8446 §5.1 allows it)."""
    return b"".join(hello[:3] + b"\x00\x01" + bytes([byte]) for byte in hello[5:])


def garbage(target: Target) -> list[bytes]:
    """What may stand in the place of a ClientHello, and is none."""
    hello = client_hello(target)
    longest = b"\x01\x02\x00\x00" + token_bytes(0x20000)  # a ClientHello that announces 128 KiB of itself
    return [
        token_bytes(4096),
        bytes(4096),
        b"\xff" * 4096,
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + hello,
        b"\x80\x2e\x01\x03\x01" + token_bytes(44),  # SSL 2
        b"\x15\x03\x01\x00\x02\x02\x28" * 100,  # alerts
        b"\x16\x03\x01\x00\x00" * 1000,  # records of nothing
        b"\x16\x03\x01\xff\xff" + token_bytes(0xFFFF),  # a record longer than any may be
        hello[:5] + b"\x02" + hello[6:],  # a ServerHello
        hello[:60] + token_bytes(len(hello) - 60),
        b"".join(
            b"\x16\x03\x01\x40\x00" + longest[start : start + 0x4000] for start in range(0, 0x20000, 0x4000)
        ),
    ]
