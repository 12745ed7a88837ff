"""Certificate statuses by OCSP, kept for a bounded time.

RFC 6960, Online Certificate Status Protocol (https://www.rfc-editor.org/rfc/rfc6960); RFC 9654. Each request
carries a nonce, and the age of a status counts from the sending of its nonce, by the monotonic clock of this
process. The responder's address comes from settings, never from a certificate: a caller must not choose
which server we call.
"""

import secrets
import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import httpx
from cryptography import x509

from sender_constraint.certificates.errors import ResponderAway, StatusNotVerified
from sender_constraint.certificates.ocsp import NONCE_BYTES, VerifiedStatus, verify_response
from sender_constraint.certificates.responder import ask_responder, responder_client
from sender_constraint.core.clock import Clock, utc_now
from sender_constraint.core.events import AlarmReporter
from sender_constraint.core.revocation import CertificateStatus, State
from sender_constraint.http.background_thread import native_lock
from sender_constraint.http.refresh_ahead import Cached, Fetched, FetchFailed, RefreshAheadCache

ALARM = "certificate-status"
# Certificates that no caller has presented for so long keep no alarm active.
RECENT_FAILURE_SECONDS = 60.0

Key = tuple[x509.Certificate, x509.Certificate]


class OCSPCache:
    """Statuses of certificates, shared by all threads and greenlets of a process.

    ocsp_url: the responder's, ``http``. promise_seconds: no status is used for longer.
    grace_seconds: for so much longer one is used while the responder is down.
    alarms: a status used in grace (``warning``) or missing (``critical``) is reported there, and its end.
    ask_seconds: how long a caller waits. retry_seconds: the pause after a failure.
    capacity: how many certificates are kept; the one least recently asked about is evicted.
    monotonic: seconds, as ``time.monotonic``. now: for the validity of the responder's certificate.
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
        capacity: int = 4096,
        monotonic: Callable[[], float] = time.monotonic,
        now: Clock = utc_now,
    ) -> None:
        self._url = ocsp_url
        self._promise_seconds = promise_seconds
        self._grace_seconds = grace_seconds
        self._alarms = alarms
        self._client = client or responder_client()
        self._ask_seconds = ask_seconds
        self._capacity = capacity
        self._monotonic = monotonic
        self._now = now
        self._statuses: RefreshAheadCache[VerifiedStatus] = RefreshAheadCache(
            promise_seconds,
            capacity=capacity,
            wait_seconds=ask_seconds,
            retry_seconds=retry_seconds,
            one_server=True,
            on_success=self._record_success,
            monotonic=monotonic,
        )
        self._lock = native_lock()
        # Which certificates lacked a status recently, and when.
        self._failed_at: dict[Hashable, float] = {}
        # An earlier process may have left it active.
        self._alarm_may_be_active = True
        # The issuers about whose certificates this responder has ever answered.
        self._known_issuers: set[x509.Certificate] = set()

    def status_of(self, certificate: x509.Certificate, issuer: x509.Certificate) -> CertificateStatus | None:
        """The status, younger than the promise, or in grace; None if it cannot be had.

        Revoked is final. Unknown is provisional: the next answer may correct it, so a caller waits for that.
        """
        key = (certificate, issuer)
        cached = self._statuses.lookup(key, lambda _last: self._fetch(key))
        return _status(cached) or self._record_failure(key)

    def failure_reason(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Mapping[str, Any]:
        """Why there is no status: its last age in seconds (None: there was none), limits, and the problem.

        issuer_known: whether the responder has ever answered about a certificate of this issuer.
        """
        return {
            **self._statuses.failure_reason((certificate, issuer)),
            "grace_seconds": self._grace_seconds,
            "responder": self._url,
            "issuer_known": issuer in self._known_issuers,
        }

    def _fetch(self, key: Key) -> Fetched[VerifiedStatus]:
        certificate, issuer = key
        nonce = secrets.token_bytes(NONCE_BYTES)
        try:
            response = ask_responder(
                self._client, self._url, certificate, issuer, nonce,
                seconds=self._ask_seconds, monotonic=self._monotonic,
            )  # fmt: skip
            status = verify_response(response, certificate, issuer, self._now(), nonce)
        except ResponderAway as problem:
            timed_out = isinstance(problem.__cause__, httpx.TimeoutException)
            raise FetchFailed(str(problem), is_down=True, timed_out=timed_out) from problem
        except StatusNotVerified as problem:
            raise FetchFailed(str(problem)) from problem
        self._known_issuers.add(issuer)
        return Fetched(
            status, is_final=status.state is State.REVOKED, is_provisional=status.state is State.UNKNOWN
        )

    def _record_success(self, key: Hashable, was_down: bool) -> None:
        """Clear the alarm, unless other certificates still lack their status for reasons of their own."""
        with self._lock:
            recent = self._monotonic() - RECENT_FAILURE_SECONDS
            remaining = {each: at for each, at in self._failed_at.items() if at > recent and each != key}
            self._failed_at = {} if was_down else remaining
            is_over = self._alarm_may_be_active and not self._failed_at
            self._alarm_may_be_active = self._alarm_may_be_active and not is_over
        if is_over:
            self._alarms.clear_alarm(ALARM)

    def _record_failure(self, key: Key) -> CertificateStatus | None:
        """A status in grace, or None. Raises the alarm in either case."""
        with self._lock:
            # Look again: an answer may have come since, and the alarm that it cleared must stay cleared.
            if (cached := self._statuses.peek(key)) is not None:
                return _status(cached)
            self._failed_at[key] = self._monotonic()
            while len(self._failed_at) > self._capacity:
                del self._failed_at[next(iter(self._failed_at))]
            self._alarm_may_be_active = True
        status = _status(self._statuses.peek(key, self._promise_seconds + self._grace_seconds))
        detail = self.failure_reason(*key)
        if status is not None:
            message = "Statuses older than promised are in use (grace period)"
            self._alarms.raise_alarm(ALARM, "warning", message, **detail)
        else:
            message = "Callers are refused: no certificate status is available"
            self._alarms.raise_alarm(ALARM, "critical", message, **detail)
        return status


def _status(cached: Cached[VerifiedStatus] | None) -> CertificateStatus | None:
    if cached is None:
        return None
    status = cached.value
    return CertificateStatus(status.state, status.revoked_at, status.reason, cached.age_seconds)
