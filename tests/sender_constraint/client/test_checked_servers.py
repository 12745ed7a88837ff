"""Servers whose certificate is revoked are told nothing, on new connections and on those that are open."""

import json
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sender_constraint.certificates.checked_servers import ServerNotTrusted, ServerStatus, check_servers
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.ocsp_cache import OCSPCache
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.errors import ServerRefused, WaitingForStatus
from sender_constraint.client.retries import Retries, RetryPolicy
from sender_constraint.client.token_source import TokenRequest
from sender_constraint.core.errors import Refusal
from sender_constraint.core.trust_anchors import TrustAnchors
from tests.sender_constraint.authority import Authority, pem
from tests.sender_constraint.client.bank import METADATA, Bank
from tests.sender_constraint.ocsp_answers import OcspAnswers
from tests.sender_constraint.responder import Responder, nonce_of
from tests.sender_constraint.tls_server import Answer, TLSServer
from tests.waiting import eventually

PROMISE_SECONDS = 5.0


class Clock:
    """Monotonic seconds, which pass only when a test, or a pause between two attempts, says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


class Heard:
    """The alarms that stand, and whatever was refused."""

    def __init__(self) -> None:
        self.alarms: set[str] = set()
        self.refused: list[tuple[str, str]] = []

    def raise_alarm(self, name: str, level: str, message: str, **detail: Any) -> None:  # noqa: ARG002 - an alarm's
        self.alarms.add(name)

    def clear_alarm(self, name: str) -> None:
        self.alarms.discard(name)

    def refusal(self, server: str, refusal: Refusal) -> None:
        self.refused.append((server, refusal.rule.identifier))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def statuses(authority: Authority) -> OcspAnswers:
    return OcspAnswers(authority)


@pytest.fixture
def responder(statuses: OcspAnswers) -> Iterator[Responder]:
    with Responder(statuses) as running:
        yield running


@pytest.fixture
def servers(responder: Responder, clock: Clock, heard: Heard) -> ServerStatus:
    # What it asks beside its callers has ended long before they look again, if they look a second later.
    book = OCSPCache(responder.url, PROMISE_SECONDS, alarms=heard, monotonic=clock, ask_seconds=10)
    return ServerStatus(book, heard.refusal)


@pytest.fixture
def caller(
    store: GenerationStore,
    generation: Generation,  # noqa: ARG001 - there is one
    server: TLSServer,
    authority: Authority,
    servers: ServerStatus,
    clock: Clock,
) -> Iterator[Caller]:
    settings = CallerSettings(server.origin, TokenRequest("partner"), authority.trust_bundle)
    # A pause lets time pass for the book as well: failures keep it from asking again for a second.
    retries = Retries(RetryPolicy(attempts=3), sleep=lambda _seconds: clock.pass_by(1.0))
    with Caller(store, settings, servers=servers, retries=retries) as made:
        yield made


@pytest.fixture
def api(authority: Authority, bank: Bank, server: TLSServer) -> Iterator[TLSServer]:  # noqa: ARG001 - first
    """The API has a server, and a certificate, of its own."""
    with TLSServer(authority.server_context(), bank) as running:
        yield running


def test_good_servers_are_called_and_their_chain_is_asked_about_once(
    caller: Caller, api: TLSServer, authority: Authority, responder: Responder
) -> None:
    for _ in range(5):
        assert caller.request("GET", f"{api.origin}/accounts").status_code == 200

    asked = sorted(request.serial_number for request in responder.asked)
    chains = [*authority.server_certificates, authority.issuing]
    assert asked == sorted(certificate.serial_number for certificate in chains)
    assert len({nonce_of(request) for request in responder.asked}) == len(asked)


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_a_revoked_authorization_server_is_told_nothing(
    caller: Caller,
    server: TLSServer,
    api: TLSServer,
    statuses: OcspAnswers,
    authority: Authority,
    heard: Heard,
) -> None:
    statuses.revoke(authority.server_certificates[0])

    with pytest.raises(ServerRefused, match="has been revoked") as raised:
        caller.request("GET", f"{api.origin}/accounts")

    assert raised.value.refusal.rule.identifier == "certificate.revoked"
    assert int(raised.value.refusal.detail["serial"], 16) == authority.server_certificates[0].serial_number
    assert server.asked == api.asked == []
    # Once: another attempt would find the same.
    assert heard.refused == [(server.origin.removeprefix("https://"), "certificate.revoked")]


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_a_revoked_api_never_sees_the_token(
    caller: Caller,
    server: TLSServer,
    api: TLSServer,
    statuses: OcspAnswers,
    authority: Authority,
    heard: Heard,
) -> None:
    statuses.revoke(authority.server_certificates[1])

    with pytest.raises(ServerRefused, match="has been revoked"):
        caller.request("POST", f"{api.origin}/payments", json={"amount": "1.00"})

    assert [asked.path for asked in server.asked] == [METADATA, "/token"]
    assert api.asked == []
    assert heard.refused == [(api.origin.removeprefix("https://"), "certificate.revoked")]


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_an_open_connection_carries_nothing_more_once_the_promised_seconds_have_passed(
    caller: Caller, api: TLSServer, statuses: OcspAnswers, authority: Authority, clock: Clock
) -> None:
    assert caller.request("GET", f"{api.origin}/accounts").status_code == 200
    statuses.revoke(authority.server_certificates[1])

    clock.pass_by(PROMISE_SECONDS)

    with pytest.raises(ServerRefused, match="has been revoked"):
        caller.request("GET", f"{api.origin}/accounts")
    assert len(api.asked) == 1


def test_a_server_that_turned_in_time_is_called_again_on_a_new_connection(
    caller: Caller, api: TLSServer, statuses: OcspAnswers, authority: Authority, clock: Clock, heard: Heard
) -> None:
    def paid() -> int:
        return caller.request("POST", f"{api.origin}/payments", json={"amount": "1.00"}).status_code

    assert paid() == 200
    api.serve_with(authority.server_context())
    statuses.revoke(authority.server_certificates[1])
    clock.pass_by(PROMISE_SECONDS)

    # Also what must not be sent twice: nothing of it had been sent.
    assert paid() == 200
    assert [rule for _, rule in heard.refused] == ["certificate.revoked"]
    assert len(api.asked) == 2


def test_a_revoked_issuing_authority_takes_its_servers_with_it(
    caller: Caller, server: TLSServer, statuses: OcspAnswers, authority: Authority
) -> None:
    statuses.revoke(authority.issuing)

    with pytest.raises(ServerRefused, match="has been revoked") as raised:
        caller.request("GET", f"{server.origin}/accounts")

    assert "Issuing" in raised.value.refusal.detail["subject"]
    assert server.asked == []


@pytest.mark.clause("RFC 6960 §2.2")
def test_a_server_that_its_issuer_does_not_know_is_told_nothing(
    caller: Caller, server: TLSServer, statuses: OcspAnswers, authority: Authority
) -> None:
    statuses.forget(authority.server_certificates[0])

    with pytest.raises(ServerRefused, match="does not recognize the certificate") as raised:
        caller.request("GET", f"{server.origin}/accounts")

    assert raised.value.refusal.rule.identifier == "certificate.status-unknown"
    assert server.asked == []


@pytest.mark.clause("RFC 6960 §3.2")
@pytest.mark.parametrize("garbage", [b"", b"garbage", b"\x30\x03\x0a\x01\x03"])
def test_without_a_status_nothing_is_sent_and_calls_go_on_by_themselves_when_there_is_one(
    caller: Caller,
    server: TLSServer,
    responder: Responder,
    statuses: OcspAnswers,
    clock: Clock,
    heard: Heard,
    garbage: bytes,
) -> None:
    responder.reply = lambda _request: garbage

    with pytest.raises(WaitingForStatus, match=r"^waiting for certificate status: ") as raised:
        caller.request("GET", f"{server.origin}/accounts")

    assert raised.value.refusal.rule.identifier == "certificate.status-stale"
    assert server.asked == []
    assert {rule for _, rule in heard.refused} == {"certificate.status-stale"}
    assert heard.alarms == {"certificate-status"}

    responder.reply = statuses
    clock.pass_by(1.0)
    assert caller.request("GET", f"{server.origin}/accounts").status_code == 200


def test_a_status_that_comes_while_the_call_waits_is_good_enough_also_for_what_must_not_be_sent_twice(
    caller: Caller, server: TLSServer, responder: Responder, statuses: OcspAnswers, clock: Clock, heard: Heard
) -> None:
    assert caller.request("GET", f"{server.origin}/accounts").status_code == 200
    clock.pass_by(PROMISE_SECONDS)
    failing = [b"garbage"] * 2

    responder.reply = lambda request: failing.pop() if failing else statuses(request)

    payment = caller.request("POST", f"{server.origin}/payments", json={"amount": "1.00"})
    assert payment.status_code == 200
    assert failing == []
    assert {rule for _, rule in heard.refused} == {"certificate.status-stale"}
    assert server.count("/payments") == 1


def test_a_responder_that_hangs_holds_nobody_for_long(
    store: GenerationStore,
    generation: Generation,  # noqa: ARG001 - there is one
    server: TLSServer,
    authority: Authority,
    responder: Responder,
    heard: Heard,
    hanging: Callable[..., bytes],
) -> None:
    responder.reply = hanging
    book = OCSPCache(responder.url, PROMISE_SECONDS, alarms=heard, ask_seconds=0.2)
    settings = CallerSettings(server.origin, TokenRequest("partner"), authority.trust_bundle)
    retries = Retries(RetryPolicy(attempts=3))
    started = time.monotonic()

    with (
        Caller(store, settings, servers=ServerStatus(book, heard.refusal), retries=retries) as caller,
        pytest.raises(WaitingForStatus),
    ):
        caller.request("GET", f"{server.origin}/accounts")

    assert time.monotonic() - started < 5
    assert server.asked == []


@pytest.fixture
def hanging() -> Iterator[Callable[..., bytes]]:
    """Answers nothing until the test has ended."""
    ended = threading.Event()

    def hang(_request: object) -> bytes:
        ended.wait(30)
        return b""

    yield hang
    ended.set()


@pytest.mark.clause("RFC 5280 §6.1")
def test_an_issuer_that_is_not_in_the_bundle_yet_is_believed_by_the_chain_that_the_server_shows(
    store: GenerationStore,
    generation: Generation,  # noqa: ARG001 - there is one
    server: TLSServer,
    authority: Authority,
    servers: ServerStatus,
    statuses: OcspAnswers,
    clock: Clock,
) -> None:
    only_root = authority.folder / "only-root.pem"
    only_root.write_bytes(pem(authority.root))
    settings = CallerSettings(server.origin, TokenRequest("partner"), only_root)
    with Caller(store, settings, servers=servers) as caller:
        assert caller.request("GET", f"{server.origin}/accounts").status_code == 200
        # It is asked about all the same.
        statuses.revoke(authority.issuing)
        clock.pass_by(PROMISE_SECONDS)
        with pytest.raises(ServerRefused) as raised:
            caller.request("GET", f"{server.origin}/accounts")
    assert raised.value.refusal.rule.identifier == "certificate.revoked"


def test_a_server_whose_chain_leads_nowhere_is_told_nothing(
    authority: Authority, server: TLSServer, servers: ServerStatus, heard: Heard, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "Stranger")
    # The issuing authority alone is no anchor: nobody can be asked whether it still counts.
    anchors = TrustAnchors.from_pem(pem(stranger.root, authority.issuing))
    context = ssl.create_default_context(cafile=str(authority.trust_bundle))  # TLS has no objection
    check_servers(context, anchors, servers)
    port = int(server.origin.rpartition(":")[2])

    with (
        socket.create_connection(("localhost", port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
        pytest.raises(ServerNotTrusted) as raised,
    ):
        connection.sendall(b"GET /accounts HTTP/1.1\r\n\r\n")

    assert raised.value.refusal.rule.identifier == "certificate.chain"
    assert heard.refused == [(f"localhost:{port}", "certificate.chain")]
    assert server.asked == []


def test_what_a_server_answers_late_is_still_read(
    caller: Caller, api: TLSServer, bank: Bank, statuses: OcspAnswers, authority: Authority, clock: Clock
) -> None:
    def revoked_meanwhile(_asked: object) -> Answer:
        statuses.revoke(authority.server_certificates[1])
        clock.pass_by(PROMISE_SECONDS)
        return Answer(200, {"done": True})

    bank.answers["/payments"] = revoked_meanwhile

    # The request was sent in good faith: whoever paid wants to know.
    assert json.loads(caller.request("POST", f"{api.origin}/payments").content) == {"done": True}


@pytest.mark.parametrize("said", [b"", b"HTTP/1.0 200 OK\r\n\r\n"])
def test_a_connection_that_is_lost_before_the_handshake_is_closed_and_never_used_without_tls(
    authority: Authority, servers: ServerStatus, said: bytes
) -> None:
    context = ssl.create_default_context(cafile=str(authority.trust_bundle))
    check_servers(context, TrustAnchors.from_pem(pem(authority.root)), servers)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        plain = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
        accepted.sendall(said)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        accepted.close()  # with a reset
        eventually(lambda: is_lost(plain), "the reset has arrived")
        descriptor = plain.fileno()
        with plain, pytest.raises(ConnectionResetError):
            context.wrap_socket(plain, server_hostname="localhost")

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def is_lost(connection: socket.socket) -> bool:
    """Whether nobody is at the other end; what was lost with it is not looked at."""
    try:
        connection.getpeername()
    except OSError:
        return True
    return False
