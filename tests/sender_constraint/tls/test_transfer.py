"""What goes over a TLS connection arrives whole: long, slow, in parts, and after one side has ended."""

import json
import socket
import ssl
import threading
from collections.abc import Callable
from time import monotonic

import pytest

from tests.sender_constraint.tls.running import PATIENCE_SECONDS, Server, read_all

GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
LARGE = 20_000_000  # what the application answers at /large
LONGEST_BODY = 64 * 1024

Connecting = Callable[[], ssl.SSLSocket]


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"])
def connect(request: pytest.FixtureRequest, server: Server) -> Connecting:
    context = server.trust()
    context.minimum_version = context.maximum_version = request.param
    return lambda: server.tls(context)


def read_long(connection: ssl.SSLSocket) -> bytes:
    """Everything until the server closes: put together once, not with each piece."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def statuses(answers: bytes) -> int:
    return answers.count(b"HTTP/1.1 200 OK")


def test_a_long_answer_arrives_whole(connect: Connecting) -> None:
    with connect() as connection:
        connection.sendall(GET % b"/large" + LAST)
        head, _, rest = read_long(connection).partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % LARGE in head
    assert rest[:LARGE] == b"x" * LARGE
    assert statuses(rest[LARGE:]) == 1, "the connection served another request after it"


def test_a_long_answer_waits_for_its_reader_and_delays_no_other_caller(
    connect: Connecting, server: Server
) -> None:
    with connect() as connection:
        connection.sendall(GET % b"/large" + LAST)
        for _ in range(5):  # more than any buffer holds is still to be sent
            assert server.get()["scheme"] == "https"
        received = read_long(connection)
    assert len(received) > LARGE
    assert statuses(received) == 2


def test_the_longest_body_arrives_whole_however_it_is_cut(connect: Connecting) -> None:
    body = bytes(range(256)) * (LONGEST_BODY // 256)
    head = LAST.replace(b"GET", b"POST").removesuffix(b"\r\n") + b"Content-Length: %d\r\n\r\n" % len(body)
    for size in (LONGEST_BODY + len(head), 16_000, 2048, 2047, 777):
        with connect() as connection:
            message = head + body
            for start in range(0, len(message), size):
                connection.sendall(message[start : start + size])
            assert json.loads(read_all(connection).partition(b"\r\n\r\n")[2])["body_bytes"] == LONGEST_BODY


def test_pipelined_requests_are_all_answered(connect: Connecting) -> None:
    with connect() as connection:
        connection.sendall(GET % b"/" * 99 + LAST)
        assert statuses(read_all(connection)) == 100


def test_a_request_sent_with_the_last_message_of_the_handshake_is_answered(server: Server) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = server.trust().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with server.tcp() as raw:
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        raw.sendall(outgoing.read())
        incoming.write(raw.recv(65536))
        client.do_handshake()
        client.write(GET % b"/")
        client.write(LAST)
        raw.sendall(outgoing.read())  # ChangeCipherSpec, Finished and two requests in one piece
        received = b""
        while data := raw.recv(65536):
            incoming.write(data)
            received += read_available(client)
    assert statuses(received) == 2


def read_available(client: ssl.SSLObject) -> bytes:
    received = b""
    while True:
        try:
            data = client.read(65536)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            return received
        if not data:
            return received
        received += data


def test_who_has_ended_its_own_side_gets_the_whole_answer(connect: Connecting) -> None:
    with connect() as connection:
        connection.sendall(GET % b"/large")
        connection.shutdown(socket.SHUT_WR)  # without close_notify
        assert len(read_long(connection)) > LARGE


def test_who_says_close_notify_gets_the_whole_answer_and_close_notify(server: Server) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = server.trust().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with server.tcp() as raw:
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        raw.sendall(outgoing.read())
        incoming.write(raw.recv(65536))
        client.do_handshake()
        client.write(GET % b"/")
        with pytest.raises(ssl.SSLWantReadError):
            client.unwrap()
        raw.sendall(outgoing.read())
        received = b""
        while data := raw.recv(65536):
            received += data
    incoming.write(received)
    incoming.write_eof()
    with pytest.raises(ssl.SSLError, match="APPLICATION_DATA_AFTER_CLOSE_NOTIFY"):
        client.unwrap()


def test_the_server_says_close_notify(connect: Connecting) -> None:
    with connect() as connection:
        connection.sendall(LAST)
        assert statuses(read_long(connection)) == 1, "a connection that ends without it raises SSLEOFError"


def test_many_connections_at_once_do_not_mix(connect: Connecting) -> None:
    failures: list[str] = []

    def call(number: int) -> None:
        with connect() as connection:
            for turn in range(5):
                path = b"/%d/%d" % (number, turn)
                connection.sendall(GET % path)
                answer = connection.recv(65536)
                while not answer.endswith(b"}"):
                    answer += connection.recv(65536)
                seen = json.loads(answer.partition(b"\r\n\r\n")[2])["path"]
                if seen != path.decode():
                    failures.append(seen)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(20)]
    started = monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert monotonic() - started < PATIENCE_SECONDS
