"""SIGTERM: what has begun is finished, what is idle is let go."""

import contextlib
import signal
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from tests.sender_constraint.tls.running import PATIENCE_SECONDS, Server, get
from tests.waiting import eventually

Answer = TypeVar("Answer")


def test_a_request_that_has_begun_is_finished(own_server: Server, tmp_path: Path) -> None:
    release = tmp_path / "release"
    process = own_server.process
    assert process is not None
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(own_server.get, f"/wait?{release}")
        eventually(release.with_suffix(".waiting").exists, "the request has begun")
        process.send_signal(signal.SIGTERM)
        eventually(lambda: refuses_connections(own_server), "the server accepts no more connections")
        release.touch()
        assert answer.result(PATIENCE_SECONDS)["scheme"] == "https"
    assert process.wait(PATIENCE_SECONDS) == 0


def test_an_idle_connection_does_not_hold_up_the_stop(own_server: Server) -> None:
    process = own_server.process
    assert process is not None
    connection = own_server.http()
    try:
        get(connection)
        process.send_signal(signal.SIGTERM)
        # Well within the time that requests in progress are given to finish.
        assert process.wait(5) == 0
    finally:
        connection.close()
    assert "graceful timeout" not in own_server.log.read_text()


def test_a_connection_whose_handshake_has_begun_is_served(own_server: Server) -> None:
    process = own_server.process
    assert process is not None
    received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = own_server.trust().wrap_bio(received, to_send, server_hostname="localhost")
    with own_server.tcp() as connection:

        def until_done(step: Callable[[], Answer]) -> Answer:
            while True:
                with contextlib.suppress(ssl.SSLWantReadError):
                    return step()
                connection.sendall(to_send.read())
                received.write(connection.recv(65536))

        with contextlib.suppress(ssl.SSLWantReadError):
            client.do_handshake()
        connection.sendall(to_send.read(1))
        own_server.get()  # whoever came later has been served: the server has seen that byte
        process.send_signal(signal.SIGTERM)
        eventually(lambda: refuses_connections(own_server), "the server accepts no more connections")

        until_done(client.do_handshake)
        client.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.sendall(to_send.read())
        assert until_done(client.read).startswith(b"HTTP/1.1 200 ")
    assert process.wait(PATIENCE_SECONDS) == 0


def test_a_server_without_a_certificate_says_what_to_do(tmp_path: Path) -> None:
    server = Server(tmp_path, "tls_front")
    with pytest.raises(AssertionError, match=r"next: ./scripts/manage SERVICE enrol"):
        server.start()


def refuses_connections(server: Server) -> bool:
    try:
        server.tcp().close()
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    return False
