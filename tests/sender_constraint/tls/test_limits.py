"""Every wait on a caller has a limit, and waiting callers do not keep the next one out."""

import contextlib
import resource
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import pytest

from tests.sender_constraint.tls.running import Server, get, read_all, running

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
GENEROUS_SECONDS = 10


@pytest.fixture
def many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4096, hard)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_a_thousand_idle_connections_do_not_stop_the_next_caller(own_server: Server) -> None:
    with ExitStack() as idle:
        for _ in range(1000):
            idle.enter_context(own_server.tcp())
        before = monotonic()
        assert own_server.get()["thumbprints"] == []
        assert monotonic() - before < GENEROUS_SECONDS


def test_a_full_server_lets_go_of_who_has_waited_longest(tmp_path: Path) -> None:
    with running(tmp_path, MAX_CONNECTIONS="20") as server, ExitStack() as idle:
        connections = [idle.enter_context(server.tcp()) for _ in range(60)]
        before = monotonic()
        server.get()
        assert monotonic() - before < GENEROUS_SECONDS
        assert read_all(connections[0]) == b""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
def test_who_fills_a_server_from_one_address_pushes_nobody_else_out(tmp_path: Path) -> None:
    with running(tmp_path, MAX_CONNECTIONS="20") as server, ExitStack() as idle:
        other = idle.enter_context(socket.create_connection(("127.0.0.1", server.port), 20, ("127.0.0.2", 0)))
        context = server.trust()
        patient = idle.enter_context(context.wrap_socket(other, server_hostname="localhost"))
        connections = [idle.enter_context(server.tcp()) for _ in range(60)]
        server.get()
        assert read_all(connections[0]) == b""
        patient.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert read_all(patient).startswith(b"HTTP/1.1 200 OK")


def test_an_honest_caller_is_served_by_the_impatient_server(impatient_server: Server) -> None:
    connection = impatient_server.http()
    try:
        connection.request("POST", "/", body=b"x" * 1000)
        assert b'"body_bytes": 1000' in connection.getresponse().read()
    finally:
        connection.close()


def test_who_sends_nothing_is_cut_off_without_an_event(impatient_server: Server) -> None:
    with impatient_server.tcp() as raw:
        address = raw.getsockname()
        assert read_all(raw) == b""
    assert f":{address[1]}" not in str(impatient_server.events("tls.handshake"))


def test_a_slow_handshake_is_cut_off(impatient_server: Server) -> None:
    with impatient_server.tcp() as raw:
        raw.sendall(b"\x16\x03\x01\x02\x00\x01")
        read_all(raw)
        event = impatient_server.event_of("tls.handshake", raw.getsockname())
    assert (event["rule"], event["detail"]["reason"]) == ("tls.handshake", "too slow")


def test_a_handshake_that_trickles_is_cut_off(impatient_server: Server) -> None:
    with impatient_server.tcp() as raw:
        raw.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        trickle(raw, b"\x00")
        event = impatient_server.event_of("tls.handshake", raw.getsockname())
    assert event["detail"]["reason"] == "too slow"


def test_a_header_that_trickles_is_cut_off(impatient_server: Server) -> None:
    with impatient_server.tls() as connection:
        address = connection.getsockname()
        connection.sendall(HEAD + b"X-Slow: ")
        trickle(connection, b"x")
    event = impatient_server.event_of("http.request", address)
    assert (event["rule"], event["detail"]) == ("http.pace", {"waited_for": "header"})


def test_a_body_that_trickles_is_cut_off(impatient_server: Server) -> None:
    with impatient_server.tls() as connection:
        address = connection.getsockname()
        connection.sendall(HEAD + b"Content-Length: 60000\r\n\r\n")
        trickle(connection, b"x")
    event = impatient_server.event_of("http.request", address)
    assert (event["rule"], event["detail"]) == ("http.pace", {"waited_for": "body"})


def test_an_idle_connection_is_closed_quietly(impatient_server: Server) -> None:
    with impatient_server.tls() as connection:
        address = connection.getsockname()
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert read_all(connection).startswith(b"HTTP/1.1 200 OK")
    assert f":{address[1]}" not in str(impatient_server.events("http.request"))


def test_who_does_not_read_the_answer_is_cut_off(impatient_server: Server) -> None:
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.settimeout(GENEROUS_SECONDS)
    raw.connect(("127.0.0.1", impatient_server.port))
    with impatient_server.trust().wrap_socket(raw, server_hostname="localhost") as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        address = connection.getsockname()
        event = impatient_server.event_of("http.request", address)
    assert (event["rule"], event["detail"]) == ("http.pace", {"waited_for": "response"})


def trickle(connection: socket.socket, byte: bytes) -> None:
    """Send a byte every tenth of a second, until the server has had enough."""
    connection.settimeout(0.1)
    end = monotonic() + GENEROUS_SECONDS
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while monotonic() < end:
            connection.sendall(byte)
            with contextlib.suppress(TimeoutError):
                if not connection.recv(1000):
                    return
        pytest.fail("the server let bytes trickle in without an end")


def test_keep_alive_serves_many_requests(server: Server) -> None:
    connection = server.http()
    try:
        peers = {get(connection)["peer"] for _ in range(5)}
    finally:
        connection.close()
    assert len(peers) == 1
