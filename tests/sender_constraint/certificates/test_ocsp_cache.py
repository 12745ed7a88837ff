"""The book of statuses, against a responder over real sockets, with a clock of its own."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from sender_constraint.certificates.ocsp_cache import ALARM, OCSPCache
from sender_constraint.core.revocation import CertificateStatus, State
from tests.sender_constraint.pki import NOW, Issued, issue, make_scheme
from tests.sender_constraint.responder import Responder, nonce_of
from tests.sender_constraint.scheme_status import SchemeStatus
from tests.waiting import PATIENCE_SECONDS, eventually

PROMISE = 6.0
THIRD = PROMISE / 3

SCHEME = make_scheme()
PARTNER = issue(SCHEME.issuing)
OTHER = issue(SCHEME.issuing, subject="other-partner")


@dataclass
class HeardAlarms:
    """told: what was raised and cleared, in order; standing: the level of the alarm that is up."""

    told: list[str] = field(default_factory=list)
    standing: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def raise_alarm(self, name: str, level: str, message: str, **detail: Any) -> None:
        assert (name, bool(message)) == (ALARM, True)
        self.standing, self.detail = level, detail
        self.told.append(level)

    def clear_alarm(self, name: str) -> None:
        assert name == ALARM
        self.standing = None
        self.told.append("cleared")


class Bench:
    """A book with a responder, whose answers and silence the test decides.

    now: the book's monotonic clock. away: the responder's name leads nowhere then.
    """

    def __init__(self, responder: Responder) -> None:
        self.responder = responder
        self.statuses = SchemeStatus(SCHEME)
        responder.reply = self.statuses
        self.now = 1000.0
        self.away = False
        self.alarms = HeardAlarms()

    def book(self, grace_seconds: float = 0, **changes: Any) -> OCSPCache:
        options: dict[str, Any] = {"ask_seconds": PATIENCE_SECONDS, "monotonic": lambda: self.now}
        return OCSPCache(
            self.responder.url,
            PROMISE,
            grace_seconds,
            alarms=self.alarms,
            client=httpx.Client(event_hooks={"request": [self._before]}),
            now=lambda: NOW,
            **{**options, **changes},
        )

    def _before(self, _request: httpx.Request) -> None:
        if self.away:
            raise httpx.ConnectError("nobody is there")

    def hang(self, released: threading.Event) -> None:
        """From now on nobody is answered until then."""

        def reply(request: ocsp.OCSPRequest) -> bytes:
            released.wait(PATIENCE_SECONDS)
            return self.statuses(request)

        self.responder.reply = reply


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Responder() as responder:
        yield Bench(responder)


def look(book: OCSPCache, issued: Issued = PARTNER) -> CertificateStatus | None:
    return book.status_of(issued.certificate, SCHEME.issuing.certificate)


def state(book: OCSPCache, issued: Issued = PARTNER) -> State | None:
    status = look(book, issued)
    return status.state if status else None


def becomes(book: OCSPCache, expected: Callable[[CertificateStatus | None], bool]) -> None:
    """Ask until what was under way beside us has arrived."""
    eventually(lambda: expected(look(book)), lambda: look(book))


@pytest.mark.clause("RFC 9654 §2.1")
def test_each_question_has_a_nonce_of_its_own(bench: Bench) -> None:
    book = bench.book()
    for _ in range(3):
        assert state(book) is State.GOOD
        bench.now += PROMISE
    nonces = [nonce_of(request) for request in bench.responder.asked]
    assert len(set(nonces)) == 3
    assert all(nonce is not None and len(nonce) >= 32 for nonce in nonces)


def test_the_issuers_own_status_is_asked_of_its_issuer(bench: Bench) -> None:
    status = bench.book().status_of(SCHEME.issuing.certificate, SCHEME.root.certificate)
    assert status is not None
    assert bench.statuses.asked == [SCHEME.issuing.certificate.serial_number]


def test_a_young_status_is_not_asked_for_again(bench: Bench) -> None:
    book = bench.book()
    look(book)
    bench.now += THIRD - 0.1
    status = look(book)
    assert status is not None
    assert status.age_seconds == pytest.approx(THIRD - 0.1)
    assert len(bench.statuses.asked) == 1


def test_one_that_ages_is_asked_for_beside_the_caller(bench: Bench) -> None:
    book = bench.book()
    look(book)
    released = threading.Event()
    bench.hang(released)
    bench.now += THIRD

    for _ in range(5):
        assert state(book) is State.GOOD  # at once, though nobody answers
    eventually(lambda: len(bench.responder.asked) == 2, "the question")
    released.set()
    becomes(book, lambda status: status is not None and status.age_seconds == 0)
    assert len(bench.responder.asked) == 2


def test_a_status_counts_from_the_sending_of_its_nonce(bench: Bench) -> None:
    book = bench.book()

    def slowly(request: ocsp.OCSPRequest) -> bytes:
        bench.now += 4
        return bench.statuses(request)

    bench.responder.reply = slowly
    status = look(book)
    assert status is not None
    assert status.age_seconds == 4
    bench.away = True
    bench.now += PROMISE - 4
    assert look(book) is None


def test_an_answer_that_took_longer_than_the_promise_is_none(bench: Bench) -> None:
    def too_slowly(request: ocsp.OCSPRequest) -> bytes:
        bench.now += PROMISE
        return bench.statuses(request)

    bench.responder.reply = too_slowly
    assert look(bench.book()) is None


def test_a_revocation_is_seen_within_the_promise(bench: Bench) -> None:
    book = bench.book()
    assert state(book) is State.GOOD
    bench.statuses.revoke(PARTNER)

    bench.now += PROMISE
    assert state(book) is State.REVOKED
    assert state(book, OTHER) is State.GOOD


def test_what_was_revoked_once_stays_so_and_is_not_asked_about_again(bench: Bench) -> None:
    book = bench.book()
    bench.statuses.revoke(PARTNER)
    assert state(book) is State.REVOKED
    bench.statuses.revoked.clear()
    bench.away = True
    for _ in range(3):
        bench.now += 10 * PROMISE
        status = look(book)
        assert status is not None
        assert (status.state, status.reason) == (State.REVOKED, "keyCompromise")
        assert status.revoked_at is not None
    assert len(bench.statuses.asked) == 1


def test_an_unknown_certificate_is_asked_about_again_before_it_is_refused_for_long(bench: Bench) -> None:
    book = bench.book()
    bench.statuses.unknown.add(PARTNER.certificate.serial_number)
    assert state(book) is State.UNKNOWN
    bench.statuses.unknown.clear()
    assert state(book) is State.UNKNOWN
    bench.now += THIRD
    assert state(book) is State.GOOD


def test_a_status_is_never_used_beyond_the_promise(bench: Bench) -> None:
    book = bench.book()
    look(book)
    bench.away = True
    bench.now += PROMISE - 0.001
    assert state(book) is State.GOOD
    bench.now += 0.001
    assert look(book) is None
    why = book.failure_reason(PARTNER.certificate, SCHEME.issuing.certificate)
    assert {"age_seconds": PROMISE, "promise_seconds": PROMISE}.items() <= why.items()
    assert "nobody is there" in why["problem"]


def test_an_outage_is_heard_and_ends_without_help(bench: Bench) -> None:
    book = bench.book()
    look(book)
    bench.away = True
    bench.now += PROMISE
    assert look(book) is None
    assert bench.alarms.standing == "critical"
    assert bench.alarms.detail["age_seconds"] == PROMISE

    bench.away = False
    assert look(book) is None  # it was asked a moment ago
    bench.now += 1
    becomes(book, lambda status: status is not None and status.state is State.GOOD)
    assert bench.alarms.standing is None


def test_an_alarm_that_an_earlier_process_left_is_cleared_once(bench: Bench) -> None:
    book = bench.book()
    look(book)
    look(book, OTHER)
    assert bench.alarms.told == ["cleared"]


def test_grace_lasts_for_its_seconds_and_an_alarm_says_so(bench: Bench) -> None:
    book = bench.book(grace_seconds=30)
    look(book)
    bench.away = True
    bench.now += PROMISE + 29
    assert state(book) is State.GOOD
    assert bench.alarms.standing == "warning"
    bench.now += 1
    assert look(book) is None
    assert bench.alarms.standing == "critical"


def test_grace_is_no_longer_promise_while_the_responder_answers(bench: Bench) -> None:
    book = bench.book(grace_seconds=30)
    assert state(book) is State.GOOD
    bench.statuses.revoke(PARTNER)
    bench.now += PROMISE
    assert state(book) is State.REVOKED


def test_without_any_status_there_is_nothing_to_extend(bench: Bench) -> None:
    bench.away = True
    assert look(bench.book(grace_seconds=30)) is None


def test_while_the_responder_hangs_one_question_at_a_time_is_asked_and_nobody_waits(bench: Bench) -> None:
    book = bench.book(ask_seconds=0.3)
    released = threading.Event()
    bench.hang(released)
    try:
        assert look(book) is None  # it waited, and knows now
        began = time.monotonic()
        others = [issue(SCHEME.issuing, subject=f"caller {number}") for number in range(20)]
        for _ in range(20):
            bench.now += 1  # each time somebody may try again
            assert all(look(book, other) is None for other in others)
        assert time.monotonic() - began < 0.3 * 20
        at_once = [other for other in others if look(book, other) is None]
        assert at_once == others
    finally:
        released.set()
    bench.responder.reply = bench.statuses

    def all_served() -> bool:
        bench.now += 1
        return all(state(book, other) is State.GOOD for other in others)

    eventually(all_served, "their statuses")


def test_a_responder_that_answered_lately_and_takes_too_long_is_busy_and_asked_again_at_once(
    bench: Bench,
) -> None:
    book = bench.book(ask_seconds=0.3, retry_seconds=3600, monotonic=time.monotonic)
    assert state(book, OTHER) is State.GOOD
    released = threading.Event()
    bench.hang(released)
    assert look(book) is None
    released.set()
    bench.responder.reply = bench.statuses
    becomes(book, lambda status: status is not None and status.state is State.GOOD)


def test_callers_that_come_together_ask_once(bench: Bench) -> None:
    book = bench.book()
    released = threading.Event()
    bench.hang(released)
    with ThreadPoolExecutor(8) as pool:
        looks = [pool.submit(state, book) for _ in range(8)]
        eventually(lambda: bench.responder.asked, "the question")
        released.set()
        assert [each.result(PATIENCE_SECONDS) for each in looks] == [State.GOOD] * 8
    assert len(bench.responder.asked) == 1


def test_what_cannot_be_verified_is_no_status_and_no_outage_for_others(bench: Bench) -> None:
    book = bench.book()

    def wrong_about_the_partner(request: ocsp.OCSPRequest) -> bytes:
        bench.statuses.echoes = request.serial_number != PARTNER.certificate.serial_number
        return bench.statuses(request)

    bench.responder.reply = wrong_about_the_partner
    assert look(book) is None
    assert "no nonce" in book.failure_reason(PARTNER.certificate, SCHEME.issuing.certificate)["problem"]
    assert bench.alarms.standing == "critical"
    assert state(book, OTHER) is State.GOOD
    assert bench.alarms.standing == "critical"  # the partner still misses its status
    assert look(book) is None
    assert len(bench.responder.asked) == 2  # asked a moment ago

    bench.responder.reply = bench.statuses
    bench.statuses.echoes = True
    bench.now += 1
    assert state(book) is State.GOOD
    assert bench.alarms.standing is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(404, headers={"content-type": "application/ocsp-response"}),
        httpx.Response(302, headers={"location": "http://localhost/"}),
        httpx.Response(200, html="<p>the operator's front page</p>"),
        httpx.Response(200, content=b"0" * 20_000, headers={"content-type": "application/ocsp-response"}),
        httpx.Response(200, content=b"", headers={"content-type": "application/ocsp-response"}),
    ],
    ids=["failure", "nothing there", "elsewhere", "a page", "too long", "empty"],
)
def test_garbage_is_no_status(bench: Bench, answer: httpx.Response) -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda _request: answer))
    book = OCSPCache("http://ca.example/ocsp", PROMISE, alarms=bench.alarms, client=client)
    assert look(book) is None
    assert bench.alarms.standing == "critical"


def test_a_book_keeps_so_many_certificates_and_no_more(bench: Bench) -> None:
    book = bench.book(capacity=2)
    for issued in (PARTNER, OTHER, SCHEME.issuing):
        issuer = SCHEME.root if issued is SCHEME.issuing else SCHEME.issuing
        book.status_of(issued.certificate, issuer.certificate)
    look(book, OTHER)
    assert len(bench.statuses.asked) == 3
    look(book, PARTNER)
    assert len(bench.statuses.asked) == 4


def test_a_certificate_with_the_same_serial_number_is_another_one(bench: Bench) -> None:
    """RFC 5280 §4.1.2.2: a serial number is unique for its issuer only."""
    bench.statuses.revoke(PARTNER)
    book = bench.book()
    assert state(book) is State.REVOKED
    elsewhere = make_scheme("Elsewhere")
    twin = (
        x509.CertificateBuilder()
        .subject_name(PARTNER.certificate.subject)
        .issuer_name(elsewhere.issuing.certificate.subject)
        .public_key(PARTNER.key.public_key())
        .serial_number(PARTNER.certificate.serial_number)
        .not_valid_before(PARTNER.certificate.not_valid_before_utc)
        .not_valid_after(PARTNER.certificate.not_valid_after_utc)
        .sign(elsewhere.issuing.key, hashes.SHA256())
    )
    bench.away = True
    assert book.status_of(twin, elsewhere.issuing.certificate) is None
