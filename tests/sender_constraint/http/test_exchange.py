"""One exchange is limited in bytes and in time, whatever the other side does: it may be anyone.

OCSP goes over plain HTTP: whoever is on the way can answer in the responder's place.
"""

import gzip
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpcore
import httpx
import pytest

from sender_constraint.http import deadlines
from sender_constraint.http.deadlines import client_with_deadlines
from sender_constraint.http.exchange import AnswerEncoded, exchange
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.raw_server import RawServer, drip, say
from tests.sender_constraint.tls_server import Answer, Asked, TLSServer

LONG_HEADER = b"HTTP/1.1 200 OK\r\n" + b"X-Filler: a\r\n" * 100
MEGABYTE = 1024 * 1024


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with client_with_deadlines() as client:
        yield client


def ask(client: httpx.Client, url: str, *, seconds: float = 1.0) -> httpx.Response:
    return exchange(client, client.build_request("GET", url), max_bytes=1024, seconds=seconds)


def seconds_of_refusal(client: httpx.Client, url: str, seconds: float) -> float:
    began = time.monotonic()
    with pytest.raises(httpx.TransportError):
        ask(client, url, seconds=seconds)
    return time.monotonic() - began


@pytest.mark.clause("RFC 9112 §9.5")
def test_a_header_that_drips_is_cut_off(client: httpx.Client) -> None:
    with RawServer(drip(LONG_HEADER, 0.05)) as server:
        assert seconds_of_refusal(client, f"http://127.0.0.1:{server.port}/", 0.5) < 1.5


def test_interim_responses_without_end_are_cut_off(client: httpx.Client) -> None:
    with RawServer(drip(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100, 0.01)) as server:
        assert seconds_of_refusal(client, f"http://127.0.0.1:{server.port}/", 0.5) < 1.5


def test_a_handshake_that_drips_is_cut_off(client: httpx.Client) -> None:
    # The header of a handshake record of 16 KB, RFC 8446 §5.1, and then its content in single bytes.
    with RawServer(drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 16384, 0.05)) as server:
        assert seconds_of_refusal(client, f"https://127.0.0.1:{server.port}/", 0.5) < 1.5


def test_a_connection_on_which_no_handshake_begins_in_time_is_closed() -> None:
    with RawServer(say(b"")) as server:
        backend = deadlines._Backend()
        stream = backend.connect_tcp("127.0.0.1", server.port)
        connection = stream.get_extra_info("socket")
        with deadlines.deadline(lambda: 0.0), pytest.raises(httpcore.ConnectTimeout):
            stream.start_tls(ssl.create_default_context(), "localhost")
        assert connection.fileno() == -1


def test_each_exchange_on_a_connection_has_a_deadline_of_its_own(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = ssl.create_default_context(cafile=str(authority.trust_bundle))

    def answer(_asked: Asked) -> Answer:
        threading.Event().wait(0.3)
        return Answer(200, {"fine": True})

    with (
        TLSServer(authority.server_context(), answer) as server,
        client_with_deadlines(context) as client,
    ):
        for _ in range(3):
            assert ask(client, server.origin, seconds=0.7).json() == {"fine": True}


@pytest.mark.clause("RFC 9110 §8.4")
@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip", "deflate", "br"])
def test_an_answer_that_was_compressed_unasked_is_not_unpacked(client: httpx.Client, coding: str) -> None:
    """A bomb of a few hundred bytes would be unpacked to as many megabytes as it likes, layer by layer."""
    bomb = gzip.compress(gzip.compress(bytes(8 * MEGABYTE)))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(bomb)}\r\n\r\n"
    with RawServer(say(head.encode() + bomb)) as server, pytest.raises(AnswerEncoded):
        ask(client, f"http://127.0.0.1:{server.port}/")


def test_an_answer_that_says_it_is_not_compressed_is_read(client: httpx.Client) -> None:
    with RawServer(
        say(b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 4\r\n\r\nbody")
    ) as server:
        assert ask(client, f"http://127.0.0.1:{server.port}/").content == b"body"


def test_no_answer_is_asked_for_in_another_coding(client: httpx.Client) -> None:
    asked = []

    def behave(connection: object, over: object) -> None:  # noqa: ARG001 - as Behave has it
        asked.append(connection.recv(65536))  # type: ignore[attr-defined]
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")  # type: ignore[attr-defined]

    with RawServer(behave) as server:
        ask(client, f"http://127.0.0.1:{server.port}/")
    assert b"accept-encoding: identity\r\n" in asked[0].lower()
