"""A program that opens TLS connections at a steady rate, each with a bad certificate and one request.

``python -m tests.e2e.hostile.flood`` reads an Order as JSON from standard input and writes an Outcome. It is
a program of its own so that its work does not slow the honest caller who is measured beside it.
"""

import json
import socket
import ssl
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import count
from time import monotonic, sleep

TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Order:
    """What to do.

    credentials: pairs of PEM files, certificate and key, which take turns. request: HTTP, sent whole.
    per_second: connections begun in a second, at most; fewer where ``at_once`` of them still wait.
    """

    port: int
    trust_bundle: str
    credentials: Sequence[tuple[str, str]]
    request: str
    per_second: int
    seconds: int
    at_once: int


@dataclass(frozen=True)
class Outcome:
    """How it went. ends: by HTTP status, TLS's alert or the error, how many connections ended that way."""

    seconds: float
    ends: dict[str, int]


def run(order: Order) -> Outcome:
    """Carry an order out; returns when its time is over and the last connection has ended."""
    contexts = [_context(order.trust_bundle, *pair) for pair in order.credentials]
    numbers = count()
    ends: Counter[str] = Counter()
    started = monotonic()

    def work() -> None:
        while True:
            number = next(numbers)
            due = started + number / order.per_second
            sleep(max(0.0, due - monotonic()))
            if monotonic() > started + order.seconds:
                return
            ends[_attempt(order, contexts[number % len(contexts)])] += 1

    threads = [threading.Thread(target=work) for _ in range(order.at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Outcome(monotonic() - started, dict(ends))


def _context(trust_bundle: str, certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=trust_bundle)
    context.load_cert_chain(certificate, key)
    return context


def _attempt(order: Order, context: ssl.SSLContext) -> str:
    """The HTTP status, or how the connection ended without one."""
    try:
        with (
            socket.create_connection(("127.0.0.1", order.port), TIMEOUT_SECONDS) as raw,
            context.wrap_socket(raw, server_hostname="localhost") as connection,
        ):
            connection.sendall(order.request.encode())
            answer = connection.recv(4096)
            return answer.split(b" ", 2)[1].decode() if answer else "closed"
    except ssl.SSLError as error:
        return str(error.reason)
    except OSError as error:
        return type(error).__name__


if __name__ == "__main__":
    json.dump(asdict(run(Order(**json.load(sys.stdin)))), sys.stdout)
