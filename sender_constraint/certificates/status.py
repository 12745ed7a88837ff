"""The status of certificates as this process knows it: asked by OCSP, kept for as long as is promised.

RFC 6960, Online Certificate Status Protocol (https://www.rfc-editor.org/rfc/rfc6960); RFC 9654. Each question
carries a nonce, and a status counts from the moment at which its nonce was sent, by this process's own
monotonic clock: no other clock has a say in how old it is. The responder's address comes from settings, never
from a certificate: whoever presents one does not choose whom we call.
"""

import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from cryptography import x509

from sender_constraint.certificates.errors import ResponderAway, StatusNotVerified
from sender_constraint.certificates.ocsp import NONCE_BYTES, VerifiedStatus, verify_response
from sender_constraint.certificates.renewal import utc_now
from sender_constraint.certificates.responder import ask_responder, responder_client
from sender_constraint.core.events import AlarmReporter
from sender_constraint.core.revocation import CertificateStatus, State
from sender_constraint.http.background_thread import Completion, native_lock, start_in_background

ALARM = "certificate-status"
# A certificate that nobody asks about any more keeps no alarm up.
FELT_SECONDS = 60.0

logger = logging.getLogger(__name__)

Key = tuple[x509.Certificate, x509.Certificate]


@dataclass(frozen=True, slots=True)
class _Answer:
    """A status, and when its nonce was sent: monotonic seconds."""

    status: VerifiedStatus
    sent_at: float


@dataclass(slots=True)
class _Entry:
    """What is known of one certificate.

    flight: the question that is under way; set when it ends. problem: why the last one was not answered, and
    retry_at until when that keeps from asking again.
    """

    answer: _Answer | None = None
    flight: Completion | None = None
    problem: str | None = None
    retry_at: float = float("-inf")


class StatusBook:
    """Statuses of certificates, shared by all threads and greenlets of a process.

    ocsp_url: the responder's, ``http``. promise_seconds: no status is used for longer.
    grace_seconds: for so much longer one is used while asking fails.
    alarms: where a status that is used in grace (``warning``) or missing (``critical``) is reported.
    ask_seconds: for so long a caller waits. retry_seconds: for so long a failure keeps from asking again.
    remembered: how many certificates are kept; the one least recently asked about gives way.
    monotonic: seconds, as ``time.monotonic``. now: aware, for the validity of the responder's certificate.

    A responder that answered within the last ``promise_seconds`` and takes too long for one question is busy:
    the question is asked again at once. A responder that is away is so for every certificate: no caller waits
    for it, and one question at a time tries whether it is back. Questions are asked in the background
    (``background_thread``): requests do not delay them, and a caller that stops waiting takes no other
    caller's answer away.
    """

    def __init__(
        self,
        ocsp_url: str,
        promise_seconds: float,
        grace_seconds: float = 0,
        *,
        alarms: AlarmReporter,
        client: httpx.Client | None = None,
        ask_seconds: float = 2.0,
        retry_seconds: float = 1.0,
        remembered: int = 4096,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._url = ocsp_url
        self._promise_seconds = promise_seconds
        self._grace_seconds = grace_seconds
        self._alarms = alarms
        self._client = client or responder_client()
        self._ask_seconds = ask_seconds
        self._retry_seconds = retry_seconds
        self._remembered = remembered
        self._monotonic = monotonic
        self._now = now
        self._lock = native_lock()
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        # Why the responder is away, until when nobody tries, and whether somebody is at it.
        self._away: str | None = None
        self._retry_at = float("-inf")
        self._answered_at = float("-inf")
        self._probing = False
        # Who missed a status lately, and when. An earlier process may have left the alarm up.
        self._felt: dict[Key, float] = {}
        # The issuers about whose certificates this responder has ever answered.
        self._known_issuers: set[x509.Certificate] = set()
        self._alarm_may_be_up = True

    def status_of(self, certificate: x509.Certificate, issuer: x509.Certificate) -> CertificateStatus | None:
        """The status, younger than the promise, or in grace; None where it cannot be had.

        From a third of the promise on it is asked for anew, beside the caller: nobody waits but who has no
        status at all, or "unknown", which the next question may correct.
        """
        key = (certificate, issuer)
        entry = self._entry(key)
        status = self._usable(entry, self._promise_seconds)
        if status is not None and not self._is_due(status):
            return status
        flight = self._ask(key, entry)
        if status is not None and status.state is not State.UNKNOWN:
            return status
        if flight is not None and not flight.wait(self._ask_seconds) and not self._is_busy():
            self._went_away(f"{self._url}: no answer within {self._ask_seconds:g} seconds")
        return self._usable(entry, self._promise_seconds) or self._without(key, entry)

    def why_none(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Mapping[str, Any]:
        """Age of the latest status in seconds (None: there was none), promise, grace, and what went wrong.

        issuer_known: whether the responder has ever answered about a certificate of this issuer.
        """
        entry = self._entry((certificate, issuer))
        age = None if entry.answer is None else round(self._monotonic() - entry.answer.sent_at, 3)
        return {
            "age_seconds": age,
            "promise_seconds": self._promise_seconds,
            "grace_seconds": self._grace_seconds,
            "problem": self._away or entry.problem,
            "responder": self._url,
            "issuer_known": issuer in self._known_issuers,
        }

    def _entry(self, key: Key) -> _Entry:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = _Entry()
                while len(self._entries) > self._remembered:
                    self._entries.popitem(last=False)
            self._entries.move_to_end(key)
            return entry

    def _usable(self, entry: _Entry, seconds: float) -> CertificateStatus | None:
        """The status, if it is younger than so. A certificate that was revoked once is so for good."""
        answer = entry.answer
        if answer is None:
            return None
        age, status = self._monotonic() - answer.sent_at, answer.status
        if age >= seconds and status.state is not State.REVOKED:
            return None
        return CertificateStatus(status.state, status.revoked_at, status.reason, age)

    def _is_due(self, status: CertificateStatus) -> bool:
        return status.state is not State.REVOKED and status.age_seconds >= self._promise_seconds / 3

    def _ask(self, key: Key, entry: _Entry) -> Completion | None:
        """Begin to ask, unless somebody is at it. Returns what to wait for; None if waiting is no use."""
        with self._lock:
            if entry.flight is not None:
                return None if self._away else entry.flight
            probe = self._away is not None
            if probe and (self._probing or self._monotonic() < self._retry_at):
                return None
            if self._monotonic() < entry.retry_at:
                return None
            flight = entry.flight = Completion()
            self._probing = self._probing or probe
        try:
            start_in_background(lambda: self._fly(key, entry, flight, probe))
        except RuntimeError as problem:  # the machine has no thread left
            self._went_away(str(problem))
            self._land(entry, flight, probe)
        return None if probe else flight

    def _fly(self, key: Key, entry: _Entry, flight: Completion, probe: bool) -> None:
        try:
            sent_at = self._monotonic()
            status = self._asked(key)
            entry.answer, entry.problem = _Answer(status, sent_at), None
            self._known_issuers.add(key[1])
            self._answered(key)
        except ResponderAway as problem:
            if isinstance(problem.__cause__, httpx.TimeoutException) and self._is_busy():
                entry.problem = str(problem)
            else:
                self._went_away(str(problem))
        except StatusNotVerified as problem:
            logger.warning("a certificate's status was not verified: %s", problem)
            entry.problem, entry.retry_at = str(problem), self._monotonic() + self._retry_seconds
        finally:
            self._land(entry, flight, probe)

    def _land(self, entry: _Entry, flight: Completion, probe: bool) -> None:
        with self._lock:
            entry.flight = None
            self._probing = self._probing and not probe
        flight.set()

    def _asked(self, key: Key) -> VerifiedStatus:
        """Raises ResponderAway, StatusNotVerified."""
        certificate, issuer = key
        nonce = secrets.token_bytes(NONCE_BYTES)
        response = ask_responder(
            self._client, self._url, certificate, issuer, nonce,
            seconds=self._ask_seconds, monotonic=self._monotonic,
        )  # fmt: skip
        return verify_response(response, certificate, issuer, self._now(), nonce)

    def _is_busy(self) -> bool:
        """Whether the responder has answered lately, so that a question that takes too long is no outage."""
        return self._monotonic() - self._answered_at < self._promise_seconds

    def _went_away(self, problem: str) -> None:
        with self._lock:
            news, self._away = self._away is None, problem
            self._retry_at = self._monotonic() + self._retry_seconds
        if news:
            logger.warning("the OCSP responder is away: %s", problem)

    def _answered(self, key: Key) -> None:
        """A fresh answer came: the alarm ends, unless others still miss theirs for reasons of their own."""
        with self._lock:
            self._answered_at = self._monotonic()
            came_back, self._away = self._away is not None, None
            recently = self._monotonic() - FELT_SECONDS
            still = {each: at for each, at in self._felt.items() if at > recently and each != key}
            self._felt = {} if came_back else still
            over = self._alarm_may_be_up and not self._felt
            self._alarm_may_be_up = self._alarm_may_be_up and not over
        if over:
            self._alarms.clear_alarm(ALARM)

    def _without(self, key: Key, entry: _Entry) -> CertificateStatus | None:
        """What remains where asking failed: a status in grace, or nothing; heard in either case."""
        with self._lock:
            # One more look: an answer may have come just now, and what it cleared must not be raised again.
            if (status := self._usable(entry, self._promise_seconds)) is not None:
                return status
            self._felt[key] = self._monotonic()
            while len(self._felt) > self._remembered:
                del self._felt[next(iter(self._felt))]
            self._alarm_may_be_up = True
        status = self._usable(entry, self._promise_seconds + self._grace_seconds)
        detail = self.why_none(*key)
        if status is not None:
            self._alarms.raise_alarm(
                ALARM, "warning", "Statuses older than promised are used, in grace", **detail
            )
        else:
            self._alarms.raise_alarm(ALARM, "critical", "Callers are refused: no status can be had", **detail)
        return status
