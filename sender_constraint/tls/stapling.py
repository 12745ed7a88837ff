"""OCSP stapling: what the authority says of the server's certificate, handed over in the handshake.

RFC 6066 §8 (https://www.rfc-editor.org/rfc/rfc6066), in TLS 1.3 RFC 8446 §4.4.2.1
(https://www.rfc-editor.org/rfc/rfc8446); the answer is that of RFC 6960
(https://www.rfc-editor.org/rfc/rfc6960), asked for without nonce. Each process that serves asks in the
background and keeps the answer in memory: no handshake waits for it. An answer belongs to one generation,
and is shown to nobody from its ``nextUpdate`` on.

Not judged here: what the answer says. A server whose certificate is revoked staples that.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx
from cryptography import x509

from sender_constraint.certificates.errors import ResponderAway, StatusNotVerified
from sender_constraint.certificates.generations import Generation
from sender_constraint.certificates.ocsp import verify_response
from sender_constraint.certificates.responder import ask_responder, responder_client
from sender_constraint.core.clock import Clock, utc_now
from sender_constraint.core.events import AlarmReporter
from sender_constraint.http.background_thread import start_in_background

logger = logging.getLogger(__name__)

ALARM = "ocsp-staple"

ASK_SECONDS = 3.0
LOOK_SECONDS = 0.5  # how often a new generation is looked for: one readlink
RETRY_SECONDS = 2.0
# An answer is replaced when half of what was left of its time has gone.
REFRESH_FRACTION = 0.5
SHORTEST_REFRESH_SECONDS = 1.0

NOTHING = b""  # pyOpenSSL then leaves the extension out: a server may (RFC 6066 §8)


class NoAnswer(Exception):
    """The responder could not be asked, or answered what cannot be stapled; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A verified answer. der: OCSPResponse (RFC 6960 §4.2.1). next_update: aware UTC."""

    der: bytes
    next_update: datetime


# Given a certificate and its issuer, a verified answer; raises NoAnswer.
Ask = Callable[[x509.Certificate, x509.Certificate], Answer]


class Staple:
    """The answer about one generation's certificate, as far as there is one. clock: aware UTC."""

    def __init__(self, generation: Generation, clock: Clock = utc_now) -> None:
        self.generation_id = generation.id
        self._chain = generation.chain
        self._clock = clock
        self._answer: Answer | None = None

    def der(self) -> bytes:
        """What a handshake that begins now shows: an answer that has not ended, or nothing."""
        answer = self._answer
        return NOTHING if answer is None or self._clock() >= answer.next_update else answer.der

    def refresh(self, ask: Ask) -> float:
        """Get a new answer; returns the seconds after which the next is due. Raises NoAnswer."""
        if len(self._chain) < 2:
            raise NoAnswer("the certificate has no issuer beside it that could be asked")
        self._answer = answer = ask(self._chain[0], self._chain[1])
        left = (answer.next_update - self._clock()).total_seconds()
        return max(left * REFRESH_FRACTION, SHORTEST_REFRESH_SECONDS)


class Stapler:
    """Keeps the staple of the generation that is being served fresh.

    serving: the staple of the generation that the next connection gets. monotonic: seconds.
    """

    def __init__(
        self,
        serving: Callable[[], Staple],
        ask: Ask,
        alarms: AlarmReporter,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._serving = serving
        self._ask = ask
        self._alarms = alarms
        self._monotonic = monotonic
        self._staple: Staple | None = None
        self._next_at = float("-inf")

    def start(self) -> None:
        """Look again and again, for as long as the process serves, in the background."""
        start_in_background(self.run)

    def run(self) -> None:
        """Look again and again."""
        while True:
            try:
                self.look()
            except Exception:
                # Without this loop there would soon be no staple any more, and nobody would know.
                logger.exception("the stapled answer could not be looked after")
            time.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Ask, if it is time: there is a new generation, or what we have goes stale."""
        staple = self._serving()
        if staple is not self._staple:
            self._staple, self._next_at = staple, float("-inf")
        if self._monotonic() >= self._next_at:
            self._next_at = self._monotonic() + RETRY_SECONDS
            self._refresh(staple)

    def _refresh(self, staple: Staple) -> None:
        try:
            seconds = staple.refresh(self._ask)
        except NoAnswer as problem:
            still_there = staple.der() != NOTHING
            self._alarms.raise_alarm(
                ALARM,
                "notice" if still_there else "warning",
                "No new status of the server's own certificate"
                + ("; the last one is still stapled" if still_there else "; no status is stapled"),
                generation=staple.generation_id,
                reason=str(problem),
            )
        else:
            self._next_at = self._monotonic() + seconds
            self._alarms.clear_alarm(ALARM)


class Responder:
    """The authority's OCSP responder, asked for answers that may be shown to others. clock: aware UTC."""

    def __init__(self, url: str, clock: Clock = utc_now) -> None:
        self._url = url
        self._clock = clock
        self._client: httpx.Client | None = None

    def ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answer:
        """A verified answer that says when it ends. Raises NoAnswer."""
        # Made by the process that serves, not by the one that it was forked from.
        self._client = self._client or responder_client()
        try:
            der = ask_responder(self._client, self._url, certificate, issuer, None, seconds=ASK_SECONDS)
            status = verify_response(der, certificate, issuer, self._clock(), None)
        except (ResponderAway, StatusNotVerified) as problem:
            raise NoAnswer(str(problem)) from problem
        if status.next_update is None:
            raise NoAnswer("the answer does not say when it ends")
        return Answer(der, status.next_update)
