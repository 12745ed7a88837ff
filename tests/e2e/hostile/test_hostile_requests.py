"""Requests that are more, or other, than they say, and come without a pause."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from select import select
from ssl import SSLWantReadError, SSLWantWriteError
from time import monotonic

import pytest

from tests.e2e.hostile.conftest import Besieging, BesiegingAll
from tests.e2e.hostile.siege import Siege, honest_calls_while
from tests.e2e.hostile.target import PATIENCE_SECONDS, Target

CALLERS = 8
SECONDS = 0.5
PIPELINED = 200
STATUS = b"HTTP/1.1 "
NOT_YET = (SSLWantReadError, SSLWantWriteError, BlockingIOError)

KEPT_ALIVE = b"POST /health HTTP/1.1\r\nHost: localhost\r\n"
POST = KEPT_ALIVE + b"Connection: close\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
TOO_LONG = 1024 * 1024

# What is sent on one connection, and the statuses that may come back.
CASES: Mapping[str, tuple[bytes, set[bytes]]] = {
    "bodies longer than announced": (
        KEPT_ALIVE + b"Content-Length: 4\r\n\r\n" + b"x" * TOO_LONG,
        {b"405", b"414"},
    ),
    "bodies longer than allowed": (
        POST + b"Content-Length: %d\r\n\r\n" % TOO_LONG + b"x" * TOO_LONG,
        {b"413"},
    ),
    "bodies longer than allowed, in chunks": (CHUNKED + b"8000\r\n" + b"x" * TOO_LONG, {b"413", b"400"}),
    "bodies in chunks of one byte": (CHUNKED + b"1\r\nx\r\n" * 65536 + b"0\r\n\r\n", {b"405"}),
    "chunks with extensions of 8 KB": (
        CHUNKED + b"1;a=%s\r\nx\r\n" % (b"x" * 8000) * 100 + b"0\r\n\r\n",
        {b"405"},
    ),
    "two Content-Lengths": (POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nbodyb", {b"400"}),
    "Content-Length and Transfer-Encoding": (
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        {b"400"},
    ),
    "headers with names of 64 KB": (POST + b"x" * 65536 + b": x\r\n\r\n", {b"431"}),
    "heads of 480 KB": (
        KEPT_ALIVE + (b"X-Long: " + b"x" * 8000 + b"\r\n") * 60,
        {b"431"},
    ),
    "chunks with an extension that does not end": (CHUNKED + b"1;a=" + b"x" * TOO_LONG, {b"400"}),
    "trailers that do not end": (CHUNKED + b"0\r\n" + b"X-Long: x\r\n" * 100_000, {b"400", b"431"}),
    "targets of another authority": (
        b"GET https://other.example/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        {b"400", b"421"},
    ),
    "request targets of 64 KB": (b"GET /" + b"x" * 65536 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", {b"414"}),
}


@pytest.mark.clause("RFC 9112 §6.3")
@pytest.mark.parametrize("case", CASES)
def test_a_request_that_is_not_what_it_says_keeps_nobody_out(
    all_targets: Sequence[Target], besieging_all: BesiegingAll, case: str
) -> None:
    message, expected = CASES[case]
    with besieging_all(case, all_targets) as sieges:
        answers = attack_together(sieges, lambda target: exchange(target, message))
    for answered in answers:
        assert answered, "the server said why"
        assert set(answered) <= expected, answered


@pytest.mark.clause("RFC 9112 §9.3.2")
def test_pipelined_requests_are_answered_in_their_turn_and_keep_nobody_out(
    target: Target, besieging: Besieging
) -> None:
    last = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    requests = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * (PIPELINED - 1) + last

    def pipelined(target: Target) -> Counter[bytes]:
        answered = exchange(target, requests)
        assert answered == Counter({b"200": PIPELINED})
        return answered

    with besieging(f"{CALLERS} times {PIPELINED} pipelined requests", target) as siege:
        attack_together([siege], pipelined)


def attack_together(
    sieges: Sequence[Siege], attack: Callable[[Target], Counter[bytes]]
) -> list[Counter[bytes]]:
    """The callers, some at each port, attack for a while, during honest calls. By port, the answers."""
    end = monotonic() + SECONDS
    at_each = CALLERS // len(sieges)

    def again_and_again(target: Target) -> Counter[bytes]:
        answered = attack(target)
        while monotonic() < end:
            answered += attack(target)
        return answered

    with ThreadPoolExecutor(CALLERS) as callers:
        calling = [
            [callers.submit(again_and_again, siege.target) for _ in range(at_each)] for siege in sieges
        ]
        honest_calls_while(sieges, lambda: not all(each.done() for port in calling for each in port))
        answers = [sum((each.result() for each in port), Counter[bytes]()) for port in calling]
    for siege, answered in zip(sieges, answers, strict=True):
        siege.note = f"{answered.total()} answers"
    return answers


def exchange(target: Target, message: bytes) -> Counter[bytes]:
    """The statuses of all answers to one message, which are read while it is sent."""
    received = b""
    with target.connect() as connection:
        connection.setblocking(False)
        rest = memoryview(message)
        while True:
            try:
                rest = rest[connection.send(rest[:65536]) :] if rest else rest
            except NOT_YET:
                pass
            except OSError:
                rest = rest[:0]  # the server may close before it has heard all, and its answer is there
            try:
                data = connection.recv(65536)
            except NOT_YET:
                ready = select([connection], [connection] if rest else [], [], PATIENCE_SECONDS)
                assert any(ready), f"nothing came after {received[:1000]!r}"
            except ConnectionError:
                break
            else:
                received += data
                if not data:
                    break
    return Counter(part[:3] for part in received.split(STATUS)[1:])
