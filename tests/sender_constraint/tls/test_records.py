"""What a peer can make OpenSSL do without sending a request: the work between two waits is bounded."""

import json
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from itertools import islice
from pathlib import Path
from time import monotonic

import pytest

from sender_constraint.tls.request_validation import MAX_RECORDS_WITHOUT_DATA
from tests.record_floods import FLOODS, IN_A_HEADER, TLS_1_2, TLS_1_3, WITHOUT_DATA, Flooding, Order
from tests.record_layer import RecordClient, record_client
from tests.sender_constraint.tls.running import Server

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
KEPT_ALIVE = REQUEST.replace(b"Connection: close\r\n", b"")
LONGEST_WAIT_SECONDS = 1.0

FLOOD_SECONDS = 2

Connecting = Callable[..., AbstractContextManager[RecordClient]]


@pytest.fixture(scope="module")
def trust_bundle(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return server.write_trust_bundle(tmp_path_factory.mktemp("trust"))


@pytest.fixture
def connect(server: Server, trust_bundle: Path) -> Connecting:
    return lambda version=TLS_1_3: record_client(server.tcp(), trust_bundle, version)


@pytest.mark.clause("RFC 8446 §4.6.3")
@pytest.mark.parametrize("case", WITHOUT_DATA)
def test_records_without_data_are_accepted_up_to_a_number_in_each_request(
    server: Server, connect: Connecting, case: str
) -> None:
    flood = WITHOUT_DATA[case]
    with connect(flood.version) as client:
        records = flood.records(client)
        for request in (KEPT_ALIVE, REQUEST):
            allowed = b"".join(islice(records, MAX_RECORDS_WITHOUT_DATA))
            client.raw.sendall(allowed + client.data(request, len(request)))
        assert client.answer().count(b"HTTP/1.1 200 OK") == 2

    with connect(flood.version) as client:
        address = client.raw.getsockname()
        client.raw.sendall(b"".join(islice(flood.records(client), MAX_RECORDS_WITHOUT_DATA + 1)))
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
        records = WITHOUT_DATA["KeyUpdates"].records(client)
        address = client.raw.getsockname()
        for byte in REQUEST[: MAX_RECORDS_WITHOUT_DATA + 1]:
            client.raw.sendall(client.data(bytes([byte]), 1) + next(records))
        assert client.answer().startswith(b"HTTP/1.1 400 ")
    assert server.event_of("http.request", address)["rule"] == "tls.records"


@pytest.mark.clause("RFC 8446 §4.6.3")
def test_records_without_data_are_counted_that_come_together_with_the_last_message_of_the_handshake(
    server: Server, trust_bundle: Path
) -> None:
    for number, status in ((MAX_RECORDS_WITHOUT_DATA, b"200"), (MAX_RECORDS_WITHOUT_DATA + 1, b"400")):
        with record_client(server.tcp(), trust_bundle, together=True) as client:
            updates = b"".join(islice(WITHOUT_DATA["KeyUpdates"].records(client), number))
            client.raw.sendall(client.last_messages + updates + client.data(REQUEST, len(REQUEST)))
            assert client.answer().startswith(b"HTTP/1.1 " + status)


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


@pytest.mark.clause("RFC 8446 §5.1")
@pytest.mark.parametrize("case", FLOODS)
def test_a_flood_of_records_delays_no_other_caller_and_is_cut_off(
    impatient_server: Server, tmp_path: Path, case: str
) -> None:
    trust_bundle = impatient_server.write_trust_bundle(tmp_path)
    impatient_server.get()  # its worker may have begun a moment ago
    flood = Flooding(Order(impatient_server.port, str(trust_bundle), case, FLOOD_SECONDS))
    waits = []
    while flood.goes_on():
        started = monotonic()
        impatient_server.get()
        waits.append(monotonic() - started)
    outcome = flood.outcome()
    assert outcome.records > MAX_RECORDS_WITHOUT_DATA, "a flood worth the name"
    # A second for the handshake, the first byte or the header, and what the machine takes for itself.
    assert outcome.longest_seconds < 2 + LONGEST_WAIT_SECONDS, outcome
    assert max(waits) <= LONGEST_WAIT_SECONDS, (outcome, waits)


@pytest.mark.parametrize("case", IN_A_HEADER)
def test_a_header_that_comes_without_a_pause_is_cut_off(
    impatient_server: Server, tmp_path: Path, case: str
) -> None:
    trust_bundle = impatient_server.write_trust_bundle(tmp_path)
    raw = impatient_server.tcp()
    address = raw.getsockname()
    with IN_A_HEADER[case].on(raw, trust_bundle) as records, suppress(ConnectionError):
        for record in records:
            raw.sendall(record)
    event = impatient_server.event_of("http.request", address)
    assert (event["rule"], event["detail"]) == ("http.pace", {"waited_for": "header"})
