"""Calls with a bound token while certificates turn underneath: make before break, in every process.

A call runs on one binding: generation, pool, token, and the keys with which the client signs, if it does.
When the store has a new generation, or a key has turned, a binding for it is prepared beside the calls:
connections, and a token bound to the new certificate or key. The old one serves until then, also while the
authorization server is away; calls in flight finish on it.

The old one is kept until the API has accepted a call with the new one. An API that refuses it, since its
clock is behind and the new certificate not yet valid for it, is called with the old one for a while longer.
"""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from sender_constraint.certificates.checked_servers import ServerStatus
from sender_constraint.certificates.errors import CertificatesError
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.renewal import Clock, utc_now
from sender_constraint.client.attempts import Attempts
from sender_constraint.client.binding import Binding
from sender_constraint.client.errors import (
    CallFailed,
    ServerUnreachable,
    WaitingForCertificate,
    unanswered,
)
from sender_constraint.client.metadata import discover
from sender_constraint.client.observer import CallerObserver
from sender_constraint.client.retries import Retries, is_repeatable
from sender_constraint.client.signing import SigningKeys
from sender_constraint.client.single_flight import SingleFlight
from sender_constraint.client.token_source import TokenRequest, TokenSource
from sender_constraint.client.transport import open_pool
from sender_constraint.core.correlation import CORRELATION_HEADER, new_correlation_id

PAUSE_AFTER_FAILURE = timedelta(seconds=1)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallerSettings:
    """Whom to ask for tokens, and what for.

    issuer: the authorization server's identifier. trust_bundle: PEM of the authorities of all servers.
    token_endpoint: of an authorization server without metadata; otherwise empty.
    keys: with which the client signs DPoP proofs and assertions, if it does.
    """

    issuer: str
    token_request: TokenRequest
    trust_bundle: Path
    token_endpoint: str = ""
    keys: SigningKeys = field(default_factory=SigningKeys)


class Caller:
    """Makes calls with the store's current generation. Safe to share among threads and greenlets.

    store: None for a client that has no certificate, since it authenticates and binds its tokens by keys.
    servers: how the certificates of authorization server and API are checked for revocation, before each
    request; without it they are not.
    Make one in each process, after it has forked. ``close`` it, or use it in a ``with`` statement.
    """

    def __init__(
        self,
        store: GenerationStore | None,
        settings: CallerSettings,
        *,
        servers: ServerStatus | None = None,
        retries: Retries | None = None,
        clock: Clock = utc_now,
        observer: CallerObserver | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._servers = servers
        self._retries = retries or Retries()
        self._clock = clock
        self._observer = observer or CallerObserver()
        self._flight: SingleFlight[None] = SingleFlight()
        self._state = threading.Lock()
        self._binding: Binding | None = None
        # The last one with which the API accepted a call; the current one, or the one before it.
        self._proven: Binding | None = None
        self._closed = False
        self._no_attempt_before: datetime | None = None

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take no more calls; connections end with the calls that use them."""
        with self._state:
            binding, proven = self._binding, self._proven
            self._binding, self._proven, self._closed = None, None, True
        for each in {binding, proven}:
            if each is not None:
                each.retire()

    def request(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        correlation_id: str | None = None,
    ) -> httpx.Response:
        """Call an API, and return what it answers, a refusal too.

        Repeated on a lost connection and on 502, 503 and 504, if the method or an ``Idempotency-Key``
        allows it. A token that the API calls invalid is replaced, once.
        Raises ServerUnreachable, WaitingForCertificate among it, ServerRefused, MetadataInvalid,
        TokenRefused, TokenUnusable; NoGeneration or BrokenGeneration if there is no certificate to call with.
        """
        sent = httpx.Headers(headers)
        sent[CORRELATION_HEADER] = correlation_id or new_correlation_id()
        attempts = Attempts(self, method, url, json, sent)
        started_at, started = self._clock(), self._retries.monotonic()
        response: httpx.Response | None = None
        error: Exception | None = None
        try:
            response = self._retries.send(attempts.make, repeatable=is_repeatable(method, sent))
        except httpx.TransportError as transport_error:
            error = unanswered(f"no answer from {url}", transport_error)
            raise error from transport_error
        except (CallFailed, CertificatesError) as failure:
            error = failure
            raise
        finally:
            seconds = self._retries.monotonic() - started
            self._observer.called(attempts.summary(started_at, seconds, response, error))
        return response

    @contextmanager
    def binding(self) -> Iterator[Binding]:
        """The binding for one attempt: it stays open until the block ends. Raises as ``request`` does."""
        binding = self._entered()
        try:
            yield binding
        finally:
            binding.leave()

    def accepted(self, binding: Binding) -> None:
        """The API took a binding's token for what it is: the one before is needed no more."""
        if self._proven is binding:
            return
        with self._state:
            if self._binding is not binding:
                return
            previous, self._proven = self._proven, binding
        if previous is not None:
            previous.retire()

    def refused(self, binding: Binding) -> bool:
        """The API calls a binding's tokens invalid: True if there is another one to call with.

        That is the one before, while it lasts; the refused one is prepared anew a moment later.
        """
        with self._state:
            if self._binding is not binding:
                return not self._closed  # somebody else has found out
            proven = self._proven
            if proven is None or proven is binding or proven.is_expired(self._clock()):
                return False
            self._binding = proven
            self._no_attempt_before = self._clock() + PAUSE_AFTER_FAILURE
        binding.retire()
        logger.warning(
            "the API refuses tokens bound to %s; the previous certificate or key stays in use",
            binding.version,
        )
        self._observer.swapped(binding.generation, proven.generation)
        return True

    def _entered(self) -> Binding:
        while True:
            binding = self._binding
            if binding is None or binding.is_expired(self._clock()):
                self._prepare_now(binding)
                continue
            if not binding.enter():
                continue  # swapped this very moment
            self._notice_new_generation(binding)
            return binding

    def _notice_new_generation(self, binding: Binding) -> None:
        current_id = self._store.current_id() if self._store is not None else None
        if self._version(current_id) == binding.version:
            return
        if self._no_attempt_before is None or self._clock() >= self._no_attempt_before:
            self._flight.start(self._prepare)

    def _prepare_now(self, seen: Binding | None) -> None:
        """Prepare a binding and wait for it: there is none that could serve meanwhile."""
        if self._closed:
            raise ServerUnreachable("this caller is closed")
        patience = 2 * self._retries.policy.total_seconds
        try:
            self._flight.run(self._prepare, wait_seconds=patience)
        except TimeoutError as error:
            raise ServerUnreachable("no token in time") from error
        if seen is not None and seen.generation is not None and self._binding is seen:
            raise WaitingForCertificate(seen.generation)

    def _prepare(self) -> None:
        """Make a binding for the current generation, and swap."""
        try:
            previous = self._binding
            generation = self._generation_for(previous)
            if previous is not None and previous.version == self._version(_id_of(generation)):
                return
            if generation is not None and generation.is_expired(self._clock()):
                raise WaitingForCertificate(generation)
            binding = self._bind(generation)
        except (CallFailed, CertificatesError) as error:
            self._no_attempt_before = self._clock() + PAUSE_AFTER_FAILURE
            self._observer.preparation_failed(error)
            raise
        self._no_attempt_before = None
        self._swap(binding)

    def _generation_for(self, previous: Binding | None) -> Generation | None:
        """The current generation; whoever has no binding yet takes the last good one if that is broken."""
        if self._store is None:
            return None
        return self._store.last_good() if previous is None else self._store.current()

    def _version(self, generation_id: str | None) -> tuple[str | None, ...]:
        """Of what a binding is made that turns."""
        return (generation_id, *self._settings.keys.current_ids(self._clock()))

    def _bind(self, generation: Generation | None) -> Binding:
        settings = self._settings
        # Taken before the keys are read: one that turns in between is noticed, and not missed.
        version = self._version(_id_of(generation))
        signing = settings.keys.signing(settings.token_request.client_id, settings.issuer, self._clock)
        try:
            pool = open_pool(generation, self._settings.trust_bundle, servers=self._servers)
        except OSError as error:
            made_of = generation.directory if generation is not None else self._settings.trust_bundle
            raise ServerUnreachable(f"no connections with {made_of}: {error}") from error
        try:
            tokens = TokenSource(
                pool,
                self._token_endpoint(pool),
                settings.token_request,
                signing=signing,
                retries=self._retries,
                clock=self._clock,
                on_token=lambda token: self._observer.token_obtained(generation, token),
                on_failure=lambda error: self._observer.token_failed(generation, error),
            )
            tokens.token()
        except BaseException:
            pool.close()
            raise
        return Binding(generation, pool, tokens, signing, version, self._observer.closed)

    def _token_endpoint(self, pool: httpx.Client) -> str:
        known = self._settings.token_endpoint
        # RFC 8705 §5: the endpoints for mutual TLS are for clients that present a certificate.
        mtls = self._store is not None
        return known or discover(pool, self._settings.issuer, self._retries, mtls=mtls).token_endpoint

    def _swap(self, binding: Binding) -> None:
        with self._state:
            previous, closed, proven = self._binding, self._closed, self._proven
            if not closed:
                self._binding = binding
        if closed:
            binding.retire()
            return
        self._observer.swapped(previous.generation if previous else None, binding.generation)
        if previous is not None and previous is not proven:
            previous.retire()


def _id_of(generation: Generation | None) -> str | None:
    return None if generation is None else generation.id
