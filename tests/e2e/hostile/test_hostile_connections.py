"""Connections that are opened and not used: the next honest caller waits for a second at most."""

import pytest

from tests.e2e.hostile.conftest import Besieging
from tests.e2e.hostile.loitering import client_hello, garbage, in_records_of_one_byte, saying, trickling
from tests.e2e.hostile.target import Target

IDLE = 2000
HALF_OPEN = 200
SLOW = 200


def test_two_thousand_idle_connections_keep_nobody_out(target: Target, besieging: Besieging) -> None:
    with besieging("2,000 idle TCP connections", target) as siege, saying(target, [b""], IDLE):
        siege.honest_calls(1)
        siege.holds(IDLE)
        siege.honest_calls(5)


@pytest.mark.clause("RFC 9112 §9.5")
def test_two_hundred_callers_of_one_header_byte_a_second_keep_nobody_out(
    target: Target, besieging: Besieging
) -> None:
    with (
        besieging("200 callers, one header byte a second", target) as siege,
        trickling(target, SLOW),
    ):
        siege.holds(SLOW)
        siege.honest_calls(20)


def test_two_hundred_half_open_handshakes_keep_nobody_out(tls_target: Target, besieging: Besieging) -> None:
    with (
        besieging("200 half-open handshakes", tls_target) as siege,
        saying(tls_target, [client_hello(tls_target)], HALF_OPEN) as connections,
    ):
        for connection in connections:
            assert connection.recv(1), "the server's side of the handshake"
        siege.holds(HALF_OPEN)
        siege.honest_calls(5)


def test_a_client_hello_and_then_silence_keeps_nobody_out(tls_target: Target, besieging: Besieging) -> None:
    hello = client_hello(tls_target)
    messages = [hello, hello[: len(hello) // 2], hello[:6], hello[:1]]
    with (
        besieging("200 ClientHellos, whole or in part, then silence", tls_target) as siege,
        saying(tls_target, messages, HALF_OPEN),
    ):
        siege.honest_calls(1)
        siege.holds(HALF_OPEN)
        siege.honest_calls(5)


def test_garbage_instead_of_a_client_hello_keeps_nobody_out(tls_target: Target, besieging: Besieging) -> None:
    with (
        besieging("200 times garbage instead of a ClientHello", tls_target) as siege,
        saying(tls_target, garbage(tls_target), HALF_OPEN),
    ):
        siege.honest_calls(5)


def test_a_client_hello_in_records_of_one_byte_keeps_nobody_out(
    tls_target: Target, besieging: Besieging
) -> None:
    messages = [in_records_of_one_byte(client_hello(tls_target))]
    with (
        besieging("100 ClientHellos in records of one byte", tls_target) as siege,
        saying(tls_target, messages, HALF_OPEN // 2),
    ):
        siege.honest_calls(5)
