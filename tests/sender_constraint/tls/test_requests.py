"""What is refused before the application sees it, in TLS and in the clear."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sender_constraint.tls.running import Server, read_all, running
from tests.waiting import eventually

LIMIT = 64 * 1024
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


@pytest.fixture(scope="module")
def plain_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("plain"), "plain_front") as server:
        yield server


@pytest.fixture(params=["server", "plain_server"])
def front(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


def connect(front: Server, plain_server: Server) -> socket.socket:
    return front.tcp() if front is plain_server else front.tls()


@pytest.fixture
def exchange(front: Server, plain_server: Server) -> Any:
    def exchanged(request: bytes) -> tuple[int, bytes, tuple[str, int]]:
        """Status, body, and the address that the server saw."""
        with connect(front, plain_server) as connection:
            connection.sendall(request)
            head, _, body = read_all(connection).partition(b"\r\n\r\n")
            return int(head.split()[1]), body, connection.getsockname()

    return exchanged


def chunked(body: bytes) -> bytes:
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def measured(body: bytes) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.mark.parametrize("frame", [measured, chunked])
def test_the_longest_body_reaches_the_application_whole(exchange: Any, frame: Any) -> None:
    status, body, _ = exchange(frame(b"x" * LIMIT))
    assert (status, json.loads(body)["body_bytes"], json.loads(body)["content_length"]) == (
        200,
        LIMIT,
        str(LIMIT),
    )


@pytest.mark.clause("RFC 9110 §15.5.14")
@pytest.mark.parametrize("frame", [measured, chunked])
@pytest.mark.parametrize("size", [LIMIT + 1, 1_000_000])
def test_a_longer_body_is_refused(front: Server, exchange: Any, frame: Any, size: int) -> None:
    status, body, address = exchange(frame(b"x" * size))
    assert (status, json.loads(body)["status"]) == (413, 413)
    event = front.event_of("http.request", address)
    assert (event["outcome"], event["rule"], event["status"]) == ("refused", "http.body-size", 413)


def test_a_body_declared_too_long_is_refused_before_it_is_sent(exchange: Any) -> None:
    status, _, _ = exchange(HEAD + b"Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n")
    assert status == 413


def test_a_body_that_waits_to_be_asked_for_is_asked_for(front: Server, plain_server: Server) -> None:
    with connect(front, plain_server) as connection:
        connection.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"body")
        assert b'"body_bytes": 4' in read_all(connection)


@pytest.mark.clause("RFC 9112 §6.3")
@pytest.mark.parametrize(
    ("lines", "status"),
    [
        pytest.param(b"Content-Length: 4\r\nContent-Length: 4\r\n", 400, id="two lengths"),
        pytest.param(b"Content-Length: 4\r\nContent-Length: 5\r\n", 400, id="two different lengths"),
        pytest.param(b"Content-Length: 4, 4\r\n", 400, id="a list of lengths"),
        pytest.param(b"Content-Length: +4\r\n", 400, id="a signed length"),
        pytest.param(b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", 400, id="length and coding"),
        pytest.param(b"Transfer-Encoding: chunked, chunked\r\n", 400, id="chunked twice"),
        pytest.param(b"Transfer-Encoding: nonsense\r\n", 501, id="unknown coding"),
        pytest.param(b"Client_Cert: abcd\r\nContent-Length: 4\r\n", 400, id="underscore in a name"),
        pytest.param(b"Client-Cert : abcd\r\nContent-Length: 4\r\n", 400, id="space before the colon"),
        pytest.param(b"X-Folded: a\r\n b\r\nContent-Length: 4\r\n", 400, id="folded line"),
        pytest.param(b"Host: other\r\nContent-Length: 4\r\n", 400, id="two hosts"),
        pytest.param(b"X-Long: " + b"x" * 9000 + b"\r\n", 431, id="a long header"),
        pytest.param(b"X-Many: x\r\n" * 100, 431, id="many headers"),
    ],
)
def test_an_ambiguous_or_oversized_head_is_refused(
    front: Server, exchange: Any, lines: bytes, status: int
) -> None:
    answered, _, address = exchange(HEAD + lines + b"\r\nbody")
    assert answered == status
    event = front.event_of("http.request", address)
    assert (event["rule"], event["status"]) == ("http.syntax", status)


def test_a_head_that_is_too_long_as_a_whole_is_refused(front: Server, exchange: Any) -> None:
    line = b"X-Long: " + b"x" * 7000 + b"\r\n"
    assert exchange(HEAD + line * 4 + b"\r\n")[0] == 200
    status, _, address = exchange(HEAD + line * 5 + b"\r\n")
    assert status == 431
    event = front.event_of("http.request", address)
    assert (event["rule"], event["detail"]) == ("http.syntax", {"reason": "LimitRequestHeaders"})


@pytest.mark.clause("RFC 9112 §6.1")
@pytest.mark.parametrize("coding", [b"gzip, chunked", b"GZIP,chunked", b"deflate, chunked"])
def test_a_body_that_is_compressed_in_transit_is_refused(front: Server, exchange: Any, coding: bytes) -> None:
    plain = chunked(b"body")
    assert exchange(plain)[0] == 200
    status, _, address = exchange(plain.replace(b": chunked", b": " + coding))
    assert status == 501
    event = front.event_of("http.request", address)
    assert (event["rule"], event["status"]) == ("http.transfer-coding", 501)


@pytest.mark.clause("RFC 9110 §8.4")
def test_a_compressed_body_is_refused(front: Server, exchange: Any) -> None:
    plain = HEAD + b"Content-Encoding: identity\r\nContent-Length: 4\r\n\r\nbody"
    assert exchange(plain)[0] == 200
    status, _, address = exchange(plain.replace(b"identity", b"gzip"))
    assert status == 415
    event = front.event_of("http.request", address)
    assert (event["rule"], event["status"]) == ("http.content-coding", 415)


@pytest.mark.clause("RFC 9112 §3.2")
def test_a_request_without_a_host_is_refused(front: Server, exchange: Any) -> None:
    status, _, address = exchange(measured(b"body").replace(b"Host: localhost\r\n", b""))
    assert status == 400
    event = front.event_of("http.request", address)
    assert (event["rule"], event["status"]) == ("http.host", 400)


def own_scheme(front: Server) -> bytes:
    return b"https" if front.store.current_id() else b"http"


@pytest.mark.clause("RFC 9112 §3.2.2")
def test_the_authority_of_an_absolute_target_takes_the_place_of_host(front: Server, exchange: Any) -> None:
    target = own_scheme(front) + b"://other.example:8443/path"
    status, body, _ = exchange(HEAD.replace(b" / ", b" " + target + b" ") + b"\r\n")
    seen = json.loads(body)
    assert (status, seen["host"], seen["path"]) == (200, "other.example:8443", "/path")


@pytest.mark.clause("RFC 9110 §7.4")
@pytest.mark.parametrize("other", ["other scheme", b"ftp://localhost/", b"https:///path"])
def test_a_request_for_another_scheme_is_misdirected(
    front: Server, exchange: Any, other: bytes | str
) -> None:
    foreign = {b"https": b"http://localhost/", b"http": b"https://localhost/"}[own_scheme(front)]
    target = other if isinstance(other, bytes) else foreign
    status, _, address = exchange(HEAD.replace(b" / ", b" " + target + b" ") + b"\r\n")
    assert status == 421
    event = front.event_of("http.request", address)
    assert (event["rule"], event["status"]) == ("http.target", 421)


def test_http_1_0_needs_no_host(exchange: Any) -> None:
    assert exchange(b"GET / HTTP/1.0\r\n\r\n")[0] == 200


def test_a_long_request_line_is_refused(exchange: Any) -> None:
    status, _, _ = exchange(b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert status == 414


def test_neither_the_log_nor_the_trail_holds_a_secret_of_a_refused_request(
    front: Server, exchange: Any
) -> None:
    status, _, _ = exchange(HEAD + b"Authorization Bearer very-secret\r\n\r\n")
    assert status == 400
    status, _, _ = exchange(b"GET /crash?access_token=very-secret HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert status == 500
    eventually(lambda: b"the application crashed" in front.log.read_bytes(), "the crash is in the log")
    assert "very-secret" not in front.log.read_text()
    assert "very-secret" not in Path(front.state / "audit" / "audit.jsonl").read_text()


def test_a_forwarding_header_changes_neither_peer_nor_scheme(exchange: Any, front: Server) -> None:
    forged = b"X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: ftp\r\nX-Forwarded-SSL: on\r\n\r\n"
    status, body, address = exchange(HEAD + forged)
    seen = json.loads(body)
    assert (status, seen["peer"]) == (200, f"{address[0]}:{address[1]}")
    assert seen["scheme"] == own_scheme(front).decode()
