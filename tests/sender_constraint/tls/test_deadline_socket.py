"""Who sends without a pause meets the limits all the same, and leaves a turn to everyone else."""

import socket
from collections.abc import Iterator
from time import monotonic

import gevent
import pytest
from gunicorn.http.errors import LimitRequestHeaders

from sender_constraint.tls.deadline_socket import MAX_HEAD_BYTES, TURN_BYTES, PacedSocket, PeerGone
from sender_constraint.tls.limits import Limits, Phase

PATIENCE_SECONDS = 10


class NeverWaiting(PacedSocket):
    """A connection whose next bytes are always there."""

    def _receive(self, size: int) -> bytes:
        return b"x" * size

    def _transmit(self, data: memoryview) -> int:
        return len(data)


@pytest.fixture
def connection() -> Iterator[NeverWaiting]:
    limits = Limits(seconds=dict.fromkeys(Phase, 0.2), body_bytes=0, connections=1)
    near, far = socket.socketpair()
    with near, far:
        yield NeverWaiting(near, limits)


def test_the_limit_of_a_phase_needs_no_wait_to_be_met(connection: NeverWaiting) -> None:
    def read_on() -> None:
        end = monotonic() + PATIENCE_SECONDS
        while monotonic() < end:
            connection.recv(8192)

    connection.begin(Phase.BODY)
    with pytest.raises(PeerGone):
        read_on()
    assert connection.expired is Phase.BODY


def test_a_head_without_an_end_is_refused_by_its_length(connection: NeverWaiting) -> None:
    for _ in range(MAX_HEAD_BYTES // TURN_BYTES):
        connection.recv(TURN_BYTES)
    with pytest.raises(LimitRequestHeaders):
        connection.recv(1)


def test_each_read_leaves_a_turn_to_the_others(connection: NeverWaiting) -> None:
    turns = []
    other = gevent.spawn(lambda: turns.append("other"))
    assert len(connection.recv(8192)) == TURN_BYTES
    assert turns == ["other"]
    other.join()
