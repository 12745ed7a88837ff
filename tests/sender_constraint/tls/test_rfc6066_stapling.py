"""OCSP stapling, seen by a client over real sockets: RFC 6066 §8, in TLS 1.3 RFC 8446 §4.4.2.1."""

import re
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from OpenSSL import SSL

from tests.sender_constraint.responder import Responder, answer_about, nonce_of
from tests.sender_constraint.tls.certificates import authority
from tests.sender_constraint.tls.running import PATIENCE_SECONDS, Server, running
from tests.stapled import stapled
from tests.waiting import eventually


class Stapling:
    """A server, and the authority that it asks about its certificate; each test changes what that says.

    about: the certificate that every answer is about, whichever was asked about.
    """

    def __init__(self, server: Server, responder: Responder) -> None:
        self.server = server
        self.responder = responder
        self.revoked = False
        self.began, self.lasts = timedelta(), timedelta(minutes=5)
        self.about: x509.Certificate | None = None

    def answer(self, _request: ocsp.OCSPRequest) -> bytes:
        return answer_about(
            self.about or self.server.store.current().certificate,
            self.server.authority.certificate,
            self.server.authority.key,
            revoked=self.revoked,
            began=self.began,
            lasts=self.lasts,
        )

    def publish(self) -> int:
        """A new generation; the serial number of its certificate."""
        return self.server.publish_generation().certificate.serial_number

    def staple(self) -> bytes:
        """What a handshake shows, DER; empty if nothing."""
        return stapled(self.server.port).der

    def handshake(self, version: int = SSL.TLS1_3_VERSION) -> tuple[bytes, int]:
        """The staple, and the serial number of the certificate beside it."""
        seen = stapled(self.server.port, version)
        return seen.der, seen.certificate.serial_number

    def wait_for_staple(self) -> ocsp.OCSPResponse:
        return ocsp.load_der_ocsp_response(eventually(self.staple, "a staple"))

    def wait_for_alarm(self) -> str:
        """The reason that the first alarm gives."""
        events = eventually(lambda: self.server.events("alarm.raised"), "the alarm")
        assert events[0]["detail"]["alarm"] == "ocsp-staple"
        return str(events[0]["detail"]["reason"])


@pytest.fixture
def stapling(tmp_path: Path) -> Iterator[Stapling]:
    """Its first generation has its staple."""
    with Responder() as responder, running(tmp_path, OCSP_URL=responder.url) as server:
        stapling = Stapling(server, responder)
        responder.reply = stapling.answer
        stapling.wait_for_staple()
        yield stapling


@pytest.mark.clause("RFC 6066 §8")
@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_openssl_sees_the_status_of_the_servers_certificate(stapling: Stapling, version: str) -> None:
    seen = s_client(stapling.server, f"-{version}", "-status")

    assert "OCSP Response Status: successful (0x0)" in seen
    assert "Cert Status: good" in seen
    (serial,) = re.findall(r"Serial Number: ([0-9A-F]+)\n", seen)
    assert int(serial, 16) == stapling.server.store.current().certificate.serial_number
    assert "OCSP Response Status" not in s_client(stapling.server, f"-{version}")
    assert all(nonce_of(request) is None for request in stapling.responder.asked)


@pytest.mark.clause("RFC 8446 §4.4.2.1")
def test_a_revoked_server_says_so_itself(stapling: Stapling) -> None:
    stapling.revoked = True
    stapling.publish()

    (answer,) = stapling.wait_for_staple().responses

    assert answer.certificate_status is ocsp.OCSPCertStatus.REVOKED


def test_a_new_generation_has_a_staple_of_its_own_and_never_the_last_ones(stapling: Stapling) -> None:
    go_on = threading.Event()

    def late(request: ocsp.OCSPRequest) -> bytes:
        assert go_on.wait(PATIENCE_SECONDS)
        return stapling.answer(request)

    stapling.responder.reply = late
    new = stapling.publish()

    assert stapling.handshake() == (b"", new)
    go_on.set()
    assert stapling.wait_for_staple().serial_number == new


def test_an_answer_about_another_certificate_is_not_stapled(stapling: Stapling) -> None:
    stapling.about = stapling.server.store.current().certificate

    new = stapling.publish()

    assert "another serial_number" in stapling.wait_for_alarm()
    assert stapling.handshake() == (b"", new)


def test_an_answer_by_a_stranger_is_not_stapled(stapling: Stapling) -> None:
    stranger = authority("Test CA")  # as ours is called
    stapling.responder.reply = lambda _request: answer_about(
        stapling.server.store.current().certificate,
        stapling.server.authority.certificate,
        stranger.key,
        responder=stranger.certificate,
    )
    new = stapling.publish()

    assert "signature does not verify" in stapling.wait_for_alarm()
    assert stapling.handshake() == (b"", new)


@pytest.mark.clause("RFC 6960 §3.2")
def test_an_answer_that_has_ended_is_not_taken(stapling: Stapling) -> None:
    stapling.began, stapling.lasts = timedelta(minutes=10), timedelta(minutes=5)
    new = stapling.publish()

    assert "nextUpdate is past" in stapling.wait_for_alarm()
    assert stapling.handshake() == (b"", new)


@pytest.mark.clause("RFC 6960 §4.2.2.1")
def test_an_answer_is_shown_to_its_end_while_the_authority_is_away_and_no_longer(stapling: Stapling) -> None:
    stapling.lasts = timedelta(seconds=4)
    stapling.publish()
    stapling.wait_for_staple()
    stapling.responder.reply = lambda _request: b"garbage"

    assert "malformed" in stapling.wait_for_alarm()
    eventually(lambda: stapling.staple() == b"", "the answer ended")
    eventually(lambda: _levels(stapling.server) == ["notice", "warning"], lambda: _levels(stapling.server))

    stapling.responder.reply = stapling.answer
    stapling.wait_for_staple()
    eventually(lambda: stapling.server.events("alarm.cleared"), "the alarm ended")


@pytest.mark.parametrize("garbage", [b"", b"garbage", b"\x30\x03\x0a\x01\x03", b"x" * 100_000])
def test_garbage_is_not_stapled_and_hurts_nobody(stapling: Stapling, garbage: bytes) -> None:
    stapling.responder.reply = lambda _request: garbage
    new = stapling.publish()

    assert stapling.wait_for_alarm()
    for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
        assert stapling.handshake(version) == (b"", new)


def test_nobody_waits_for_a_responder_that_hangs(stapling: Stapling) -> None:
    go_on = threading.Event()

    def hang(_request: ocsp.OCSPRequest) -> bytes:
        go_on.wait(PATIENCE_SECONDS)
        return b""

    stapling.responder.reply = hang
    asked = len(stapling.responder.asked)
    try:
        new = stapling.publish()
        eventually(lambda: len(stapling.responder.asked) > asked, "the responder is asked")
        for _ in range(10):
            assert stapling.handshake() == (b"", new)
        # All of that while the first question was open.
        assert len(stapling.responder.asked) == asked + 1
        # Which of the two limits is met first, that of a wait or that of the whole, the machine decides.
        assert re.search("Timeout|AnswerTooSlow", stapling.wait_for_alarm())
    finally:
        go_on.set()


def s_client(server: Server, *arguments: str) -> str:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", *arguments]
    run = subprocess.run(
        command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20
    )
    return run.stdout


def _levels(server: Server) -> list[str]:
    return [str(event["detail"]["level"]) for event in server.events("alarm.raised")]
