"""What a peer can make OpenSSL do without sending a request: the work between two waits is bounded."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import chain
from pathlib import Path
from time import monotonic

import pytest
from OpenSSL import SSL

from sender_constraint.server.intake import MAX_RECORDS_WITHOUT_DATA
from tests.record_layer import (
    ALERT,
    APPLICATION_DATA,
    HANDSHAKE,
    KEY_UPDATE_REQUESTED,
    USER_CANCELED,
    RecordClient,
    record_client,
)
from tests.sender_constraint.server.running import Server

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
TLS_1_2, TLS_1_3 = SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION
LONGEST_WAIT_SECONDS = 1.0

Connecting = Callable[..., AbstractContextManager[RecordClient]]


def connecting_to(server: Server, folder: Path) -> Connecting:
    trust_bundle = folder / "trust.pem"
    trust_bundle.write_bytes(server.authority.certificate_pem)
    return lambda version=TLS_1_3: record_client(server.tcp(), trust_bundle, version)


@pytest.fixture
def connect(server: Server, tmp_path: Path) -> Connecting:
    return connecting_to(server, tmp_path)


def key_updates(client: RecordClient) -> Iterator[bytes]:
    return iter(client.records.key_update, None)  # type: ignore[union-attr]


def requested_key_updates(client: RecordClient) -> Iterator[bytes]:
    return iter(lambda: client.records.key_update(KEY_UPDATE_REQUESTED), None)  # type: ignore[union-attr]


def sealed(kind: int, content: bytes) -> Callable[[RecordClient], Iterator[bytes]]:
    return lambda client: iter(lambda: client.records.seal(kind, content), None)


WITHOUT_DATA = {
    "KeyUpdates": (TLS_1_3, key_updates),
    "KeyUpdates that ask for one": (TLS_1_3, requested_key_updates),
    "empty records": (TLS_1_3, sealed(APPLICATION_DATA, b"")),
    "empty records of TLS 1.2": (TLS_1_2, sealed(APPLICATION_DATA, b"")),
}


@pytest.mark.clause("RFC 8446 §4.6.3")
@pytest.mark.parametrize("case", WITHOUT_DATA)
def test_records_without_data_are_accepted_up_to_a_number_in_each_request(
    server: Server, connect: Connecting, case: str
) -> None:
    version, flood = WITHOUT_DATA[case]
    first = REQUEST.replace(b"Connection: close\r\n", b"")
    with connect(version) as client:
        records = flood(client)
        for request in (first, REQUEST):
            allowed = [next(records) for _ in range(MAX_RECORDS_WITHOUT_DATA)]
            client.raw.sendall(b"".join(allowed) + client.data(request, len(request)))
        assert client.answer().count(b"HTTP/1.1 200 OK") == 2

    with connect(version) as client:
        records = flood(client)
        address = client.raw.getsockname()
        client.raw.sendall(b"".join(next(records) for _ in range(MAX_RECORDS_WITHOUT_DATA + 1)))
        assert client.answer().startswith(b"HTTP/1.1 400 ")
    event = server.event_of("http.request", address)
    assert (event["rule"], event["status"]) == ("tls.records", 400)
    assert event["detail"] == {
        "expected": MAX_RECORDS_WITHOUT_DATA,
        "presented": MAX_RECORDS_WITHOUT_DATA + 1,
    }


@pytest.mark.clause("RFC 8446 §4.6.3")
def test_records_without_data_are_counted_within_a_request_that_has_begun(
    server: Server, connect: Connecting
) -> None:
    with connect() as client:
        records = key_updates(client)
        address = client.raw.getsockname()
        for byte in HEAD[: MAX_RECORDS_WITHOUT_DATA + 1]:
            client.raw.sendall(client.data(bytes([byte]), 1) + next(records))
        assert client.answer().startswith(b"HTTP/1.1 400 ")
    assert server.event_of("http.request", address)["rule"] == "tls.records"


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_a_request_in_records_of_one_byte_is_served(connect: Connecting, version: int) -> None:
    body = b"x" * 10_000
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )
    with connect(version) as client:
        client.raw.sendall(client.data(head + body, 1))
        status, _, answer = client.answer().partition(b"\r\n\r\n")
    assert status.startswith(b"HTTP/1.1 200 OK")
    assert json.loads(answer)["body_bytes"] == len(body)


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
@pytest.mark.parametrize("split", [1, 4, 5, 6, 100])
def test_a_record_that_arrives_in_pieces_is_served(connect: Connecting, version: int, split: int) -> None:
    with connect(version) as client:
        client.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        record = client.data(REQUEST, len(REQUEST))
        for start in range(0, len(record), split):
            client.raw.sendall(record[start : start + split])
        assert client.answer().startswith(b"HTTP/1.1 200 OK")


@contextmanager
def flooding(client: RecordClient, records: Iterator[bytes]) -> Iterator[Callable[[], float | None]]:
    """Send records without a pause; what is yielded says after how many seconds the server ended that."""
    ended: list[float] = []
    started = monotonic()

    def flood() -> None:
        with suppress(OSError):
            while True:
                client.raw.sendall(b"".join(next(records) for _ in range(500)))
        ended.append(monotonic() - started)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        yield lambda: ended[0] if ended else None
    finally:
        with suppress(OSError):
            client.raw.shutdown(socket.SHUT_RDWR)
        thread.join()


def in_a_header(kind: int, content: bytes) -> Callable[[RecordClient], Iterator[bytes]]:
    """A request begins, and its header never ends."""
    return lambda client: chain([client.data(HEAD, len(HEAD))], sealed(kind, content)(client))


FLOODS = {
    **WITHOUT_DATA,
    "alerts of TLS 1.2": (TLS_1_2, sealed(ALERT, USER_CANCELED)),
    "HelloRequests of TLS 1.2": (TLS_1_2, sealed(HANDSHAKE, bytes(4))),
    "records of one byte": (TLS_1_3, in_a_header(APPLICATION_DATA, b"x")),
    "records of one byte of TLS 1.2": (TLS_1_2, in_a_header(APPLICATION_DATA, b"x")),
}


@pytest.mark.clause("RFC 8446 §5.1")
@pytest.mark.parametrize("case", FLOODS)
def test_a_flood_of_records_delays_no_other_caller_and_ends_at_the_limit(
    impatient_server: Server, tmp_path: Path, case: str
) -> None:
    version, records = FLOODS[case]
    connect = connecting_to(impatient_server, tmp_path)
    waits = []
    with connect(version) as client, flooding(client, records(client)) as ended:
        end = monotonic() + 8
        while ended() is None and monotonic() < end:
            started = monotonic()
            impatient_server.get()
            waits.append(monotonic() - started)
        seconds = ended()
    assert seconds is not None, "the server let the flood go on"
    assert max(waits) <= LONGEST_WAIT_SECONDS, waits


def test_a_header_in_records_of_one_byte_without_a_pause_is_cut_off(
    impatient_server: Server, tmp_path: Path
) -> None:
    connect = connecting_to(impatient_server, tmp_path)
    with connect() as client:
        address = client.raw.getsockname()
        with flooding(client, in_a_header(APPLICATION_DATA, b"x")(client)):
            event = impatient_server.event_of("http.request", address)
    assert (event["rule"], event["detail"]) == ("http.pace", {"waited_for": "header"})
