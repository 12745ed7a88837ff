"""What gunicorn's ``ssl_context`` hook returns: each new connection gets the current generation.

TLS acceptance is not authentication. A certificate is asked for, any is accepted, none too; no anchor is
loaded, so OpenSSL builds no chain that the application would build again. What the handshake proves
is possession of the leaf's key (RFC 8446 §4.4.3, RFC 5246 §7.4.8).
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from OpenSSL import SSL

from sender_constraint.certificates.errors import BrokenGeneration, NoGeneration
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.tls import TLS_1_2_SUITES
from sender_constraint.core.errors import Refusal
from sender_constraint.core.events import EventReporter, NotRecorded
from sender_constraint.core.rules import enforces, rule
from sender_constraint.http.background_thread import native_lock
from sender_constraint.tls.limits import Limits
from sender_constraint.tls.stapling import Staple
from sender_constraint.tls.tls_socket import TLSSocket, note_fatal_alert

GENERATION = rule(
    "tls.generation", "RFC 8446 §4.4.2", "The server's new certificate is unusable; the last good one stays."
).explained("a certificate that this server can use", "an unusable one: {reason}")

# A generation never changes, but what kept it from being read may pass: no descriptor left, for example.
RETRY_SECONDS = 10


class GenerationRefused(Refusal):
    """A generation of the server's own certificate is not taken into use."""

    code = "unusable_generation"


@dataclass(frozen=True, slots=True)
class Served:
    """What a new connection gets: the context of one generation, and the staple that goes with it."""

    generation_id: str
    context: SSL.Context
    staple: Staple


class TLSFront:
    """Wraps accepted connections; to gunicorn and gevent it looks like an ``ssl.SSLContext``.

    monotonic: seconds, as ``time.monotonic``.
    """

    def __init__(
        self,
        store: GenerationStore,
        reporter: EventReporter,
        limits: Limits,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._reporter = reporter
        self._limits = limits
        self._served = served_from(store.last_good())
        self._monotonic = monotonic
        self._refused: str | None = ""  # none yet
        self._next_attempt_at = float("-inf")
        # The stapler asks in a thread of its own. Held while a few files are read, and never across a wait.
        self._taking = native_lock()

    def wrap_socket(self, raw: Any, **_as_gevent_passes: Any) -> TLSSocket:
        """The TLS side of an accepted connection. Nothing is sent or received here."""
        return TLSSocket(raw, self._current().context, self._limits)

    def staple(self) -> Staple:
        """The staple of the generation that the next connection gets."""
        return self._current().staple

    def _current(self) -> Served:
        """The current generation, or the last good one if that cannot be used."""
        if self._is_news(self._store.current_id()):
            with self._taking:
                current_id = self._store.current_id()
                if self._is_news(current_id):
                    self._take(current_id)
        return self._served

    def _is_news(self, current_id: str | None) -> bool:
        known_as_bad = current_id == self._refused and self._monotonic() < self._next_attempt_at
        return current_id != self._served.generation_id and not known_as_bad

    def _take(self, current_id: str | None) -> None:
        try:
            self._served = usable_generation(self._store)
        except GenerationRefused as refusal:
            if current_id != self._refused:  # recorded once, however often it is tried
                detail = {"generation": current_id, **refusal.detail}
                with suppress(NotRecorded):
                    self._reporter.refused("tls.generation", refusal, detail=detail)
            self._refused, self._next_attempt_at = current_id, self._monotonic() + RETRY_SECONDS
        else:
            detail = {"generation": self._served.generation_id}
            # A new certificate serves, whether or not that can be recorded.
            with suppress(NotRecorded):
                self._reporter.record("tls.generation", "accepted", detail=detail)


@enforces(GENERATION)
def usable_generation(store: GenerationStore) -> Served:
    """The store's current generation, ready to be served. Raises GenerationRefused if it cannot be used."""
    try:
        return served_from(store.current())
    except (NoGeneration, BrokenGeneration, SSL.Error) as error:
        raise GenerationRefused(GENERATION, "Unusable certificate", reason=str(error)) from error


def served_from(generation: Generation) -> Served:
    """A generation, ready to be served. Raises SSL.Error if key and certificate do not fit."""
    staple = Staple(generation)
    context = context_for(generation)
    # Asked only where the client asks (RFC 6066 §8): in the middle of the handshake, so that it may not wait.
    context.set_ocsp_server_callback(lambda _connection, _data: staple.der())
    return Served(generation.id, context, staple)


def context_for(generation: Generation) -> SSL.Context:
    """An OpenSSL context that serves one generation. Raises SSL.Error if key and certificate do not fit."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_max_proto_version(SSL.TLS1_3_VERSION)
    context.set_cipher_list(":".join(TLS_1_2_SUITES).encode())
    _forbid_second_handshakes(context)
    _ask_for_any_certificate(context)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # idle connections give their buffers back
    context.set_info_callback(note_fatal_alert)
    context.use_certificate_chain_file(str(generation.certificate_path))
    context.use_privatekey_file(str(generation.private_key_path))
    context.check_privatekey()
    return context


def _forbid_second_handshakes(context: SSL.Context) -> None:
    # A session would outlive the revocation of the certificate that it was made with, and a renegotiation
    # could change the certificate of a connection. Without a cache, what OpenSSL sends as tickets in
    # TLS 1.3 are references to nothing. Early data needs a session, and is off besides.
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION)


def _ask_for_any_certificate(context: SSL.Context) -> None:
    context.set_verify(SSL.VERIFY_PEER, _accept)
    # Without anchors there is nothing above the leaf worth looking for.
    context.set_verify_depth(0)


def _accept(*_as_openssl_passes: Any) -> bool:
    return True
