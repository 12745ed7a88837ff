"""Which requests begin in one turn of the loop, with requests that take as long as a test says."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import gevent
import pytest

from sender_constraint.tls.turns import TURN_SECONDS, Turns
from tests.sender_constraint.tls.running import Server, read_all
from tests.waiting import eventually

REQUESTS = 64
SHORT_SECONDS = TURN_SECONDS / 10.5


class Loop:
    """begun: the numbers of the requests that have begun, in order. now: the seconds of its clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns = Turns(lambda: self.now)
        self.begun: list[int] = []
        self._greenlets = [gevent.spawn(self.turns.give)]

    def requests(self, count: int, seconds: float) -> None:
        """So many are ready at the same time; each takes so long."""

        def serve(number: int) -> None:
            self.turns.wait()
            self.begun.append(number)
            self.now += seconds
            self.turns.took(seconds)

        for number in range(count):
            self._greenlets.append(gevent.spawn(serve, number))

    def end(self) -> None:
        gevent.killall(self._greenlets)


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.end()


def begun_in_each_turn(loop: Loop, count: int) -> list[int]:
    """How many requests begin between two turns of a greenlet that waits for none of them."""
    numbers = []
    while len(loop.begun) < count:
        before = len(loop.begun)
        gevent.sleep(0)
        numbers.append(len(loop.begun) - before)
    return numbers


def test_what_is_urgent_waits_for_one_long_request_at_a_time_and_not_for_all(loop: Loop) -> None:
    loop.requests(REQUESTS, 2 * TURN_SECONDS)
    with gevent.Timeout(10):
        assert max(begun_in_each_turn(loop, REQUESTS)) == 1
    assert loop.begun == list(range(REQUESTS))  # in the order in which they came


def test_of_short_requests_as_many_begin_as_fit_into_a_turn(loop: Loop) -> None:
    loop.requests(REQUESTS, SHORT_SECONDS)
    with gevent.Timeout(10):
        assert max(begun_in_each_turn(loop, REQUESTS)) == 10


def test_where_other_work_takes_longer_requests_get_as_long(loop: Loop) -> None:
    """A flood of handshakes takes half of the loop, however many there are."""

    def handshakes() -> None:
        while True:
            loop.now += 4 * TURN_SECONDS
            gevent.sleep(0)

    flood = gevent.spawn(handshakes)
    try:
        loop.requests(REQUESTS, TURN_SECONDS)
        with gevent.Timeout(10):
            assert max(begun_in_each_turn(loop, REQUESTS)) == 4
    finally:
        flood.kill()


def test_a_request_that_waits_long_for_others_does_not_make_all_count_as_long(loop: Loop) -> None:
    for _ in range(10):
        loop.turns.took(SHORT_SECONDS)
    for _ in range(5):
        loop.turns.took(1000.0)
    loop.requests(REQUESTS, SHORT_SECONDS)
    with gevent.Timeout(10):
        assert max(begun_in_each_turn(loop, REQUESTS)) == 10


def test_an_urgent_request_does_not_wait_for_all_that_are_ready(own_server: Server, tmp_path: Path) -> None:
    begun = tmp_path / "begun"

    def request(path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()

    def computed(answer: bytes) -> int:
        return int(json.loads(answer.partition(b"\r\n\r\n")[2])["computed"])

    with ExitStack() as stack:
        first, urgent, *busy = (stack.enter_context(own_server.tls()) for _ in range(42))
        first.sendall(request(f"/compute/2?{begun}"))
        eventually(begun.exists, "the first request")
        # The loop may take what arrived meanwhile in any order: half comes before it, half after it.
        for connection in (*busy[:20], urgent, *busy[20:]):
            connection.sendall(request("/health" if connection is urgent else "/compute/0.1"))
        assert computed(read_all(urgent)) < 10
        assert {read_all(connection)[:15] for connection in busy} == {b"HTTP/1.1 200 OK"}
