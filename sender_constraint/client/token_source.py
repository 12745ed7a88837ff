"""Access tokens for one generation: RFC 6749 §4.4 with ``tls_client_auth`` (RFC 8705 §2.1) or an assertion.

The client says who it is by ``client_id``, and proves it by the certificate of the connection, or by what it
signs (``signing``). A token is bound to that certificate, or to the key of a DPoP proof (RFC 9449 §5). The
``resource`` is that of RFC 8707 §2. A token is renewed early, once for all who need it, beside them
while the old one still serves.

Not checked: what is in the token, which is between the authorization server and the API.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from sender_constraint.certificates.renewal import Clock, utc_now
from sender_constraint.client.answers import NotJSON, correlation_id_of, described, json_object_of
from sender_constraint.client.errors import (
    CallFailed,
    ServerUnreachable,
    TokenRefused,
    TokenUnusable,
    unanswered,
)
from sender_constraint.client.retries import SHORTEST_ATTEMPT_SECONDS, Retries
from sender_constraint.client.signing import BEARER, SIGNING_NOTHING, Signing
from sender_constraint.client.single_flight import SingleFlight
from sender_constraint.core.correlation import CORRELATION_HEADER, new_correlation_id
from sender_constraint.http.exchange import exchange

MAX_ANSWER_BYTES = 64 * 1024
LONGEST_LIFETIME_SECONDS = 10 * 365 * 86400
# RFC 6749 §5.1 recommends to say how long a token lives. Of one that does not, we get another soon.
UNTOLD_LIFETIME_SECONDS = 60

# A token is renewed when a fifth of its life is left, or half a minute if that is less.
EARLY_FRACTION = 0.2
LONGEST_EARLY = timedelta(seconds=30)
PAUSE_AFTER_FAILURE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What to ask for. scope: words separated by spaces; resource: the API's URL (RFC 8707 §2).

    parameters: others that an authorization server wants beside these, such as its own ``audience``.
    """

    client_id: str
    scope: str | None = None
    resource: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    def form(self) -> dict[str, str]:
        """The parameters of RFC 6749 §4.4.2, RFC 8705 §2 and RFC 8707 §2."""
        form = {**self.parameters, "grant_type": "client_credentials", "client_id": self.client_id}
        if self.scope is not None:
            form["scope"] = self.scope
        if self.resource is not None:
            form["resource"] = self.resource
        return form


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token and its times, aware UTC, by the client's clock.

    expires_at counts from before the request was sent, so that it is never too late.
    """

    value: str = field(repr=False)
    obtained_at: datetime
    expires_at: datetime
    scope: str | None

    @property
    def renew_at(self) -> datetime:
        """From when on it is renewed beside those who use it."""
        return self.expires_at - min(LONGEST_EARLY, (self.expires_at - self.obtained_at) * EARLY_FRACTION)

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that tell tokens apart in a log, and give nothing away."""
        return hashlib.sha256(self.value.encode()).hexdigest()[:8]


class TokenSource:
    """Gives a valid token, from memory while it can.

    pool: of the generation to which the tokens will be bound. signing: what else binds and authenticates.
    on_token: told of each new token. on_failure: told why there is none, also when nobody waits for it.
    Safe to share among threads and greenlets.
    """

    def __init__(
        self,
        pool: httpx.Client,
        token_endpoint: str,
        request: TokenRequest,
        *,
        signing: Signing = SIGNING_NOTHING,
        retries: Retries | None = None,
        clock: Clock = utc_now,
        on_token: Callable[[AccessToken], None] = lambda _token: None,
        on_failure: Callable[[CallFailed], None] = lambda _error: None,
    ) -> None:
        self._pool = pool
        self._token_endpoint = token_endpoint
        self._request = request
        self._signing = signing
        self._retries = retries or Retries()
        self._clock = clock
        self._on_token = on_token
        self._on_failure = on_failure
        self._flight: SingleFlight[AccessToken] = SingleFlight()
        self._token: AccessToken | None = None
        self._no_attempt_before: datetime | None = None

    def token(self, correlation_id: str | None = None) -> AccessToken:
        """A token that has not expired.

        Raises ServerUnreachable, ServerRefused, TokenRefused or TokenUnusable.
        """
        token, now = self._token, self._clock()
        if token is not None and now < token.expires_at:
            if now >= token.renew_at and (self._no_attempt_before is None or now >= self._no_attempt_before):
                self._flight.start(self._fetch)
            return token
        wait_seconds = self._retries.policy.total_seconds + self._retries.policy.attempt_seconds
        try:
            return self._flight.run(lambda: self._fetch(correlation_id), wait_seconds=wait_seconds)
        except TimeoutError as error:
            raise ServerUnreachable(f"no token from {self._token_endpoint} in time") from error

    def discard(self, token: AccessToken) -> None:
        """Forget a token that an API called invalid; the next call gets another."""
        if self._token is token:
            self._token = None

    def afterwards(self, work: Callable[[], None]) -> None:
        """Have this done once no token is on its way: now, if none is. For when nobody asks any more."""
        self._flight.afterwards(work)

    def _fetch(self, correlation_id: str | None = None) -> AccessToken:
        known = self._token
        if known is not None and self._clock() < known.renew_at:
            return known  # from a flight that landed while we were coming
        try:
            token = self._obtain(correlation_id or new_correlation_id())
        except CallFailed as error:
            self._no_attempt_before = self._clock() + PAUSE_AFTER_FAILURE
            self._on_failure(error)
            raise
        self._token = token
        self._no_attempt_before = None
        self._on_token(token)
        return token

    def _obtain(self, correlation_id: str) -> AccessToken:
        requested_at = self._clock()

        def attempt(seconds: float) -> httpx.Response:
            return self._ask(correlation_id, seconds)

        try:
            # Asking twice for a token does no harm: a client credentials grant uses nothing up.
            response = self._retries.send(attempt, repeatable=True)
        except httpx.TransportError as error:
            raise unanswered(f"no token from {self._token_endpoint}", error) from error
        if response.status_code != 200:
            raise _refusal(response)
        try:
            return read_token(json_object_of(response), requested_at, self._signing.token_type)
        except (NotJSON, TokenUnusable) as error:
            raise TokenUnusable(
                f"the token endpoint's answer cannot be used: {error}: {described(response)}"
            ) from error

    def _ask(self, correlation_id: str, seconds: float) -> httpx.Response:
        """One request, and where it lacked a nonce one more, with a new proof and assertion (RFC 9449 §8)."""
        ends_at = self._retries.monotonic() + seconds
        response = self._ask_once(correlation_id, seconds)
        proofs = self._signing.proofs
        if proofs is not None and proofs.learn(response):
            response = self._ask_once(correlation_id, ends_at - self._retries.monotonic())
            proofs.learn(response)
        return response

    def _ask_once(self, correlation_id: str, seconds: float) -> httpx.Response:
        headers = {"Accept": "application/json", CORRELATION_HEADER: correlation_id}
        form = self._request.form() | self._signing.authentication()
        request = self._pool.build_request("POST", self._token_endpoint, data=form, headers=headers)
        if self._signing.proofs is not None:
            self._signing.proofs.sign(request)
        return exchange(
            self._pool, request, max_bytes=MAX_ANSWER_BYTES, seconds=max(seconds, SHORTEST_ATTEMPT_SECONDS)
        )


def read_token(answer: dict[str, Any], requested_at: datetime, expected_type: str = BEARER) -> AccessToken:
    """Check a successful answer (RFC 6749 §5.1). expected_type: without case. Raises TokenUnusable."""
    value, token_type, seconds = (answer.get(name) for name in ("access_token", "token_type", "expires_in"))
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
        raise TokenUnusable("the answer of the token endpoint has no access token")
    if not isinstance(token_type, str) or token_type.lower() != expected_type.lower():
        # RFC 6749 §7.1: a client must not use a token of a type that it does not understand; RFC 9449 §5: nor
        # one that is bound to nothing of its own.
        raise TokenUnusable(f"the token is of type {token_type!r}, not {expected_type}")
    if "expires_in" not in answer:
        seconds = UNTOLD_LIFETIME_SECONDS
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise TokenUnusable("the answer of the token endpoint does not say when the token expires")
    if not 0 < seconds <= LONGEST_LIFETIME_SECONDS:
        raise TokenUnusable(f"the token's lifetime of {seconds} seconds is none")
    scope = answer.get("scope")
    return AccessToken(
        value,
        requested_at,
        requested_at + timedelta(seconds=seconds),
        scope if isinstance(scope, str) else None,
    )


def _refusal(response: httpx.Response) -> CallFailed:
    """The error of a token endpoint (RFC 6749 §5.2), or what it answered in place of one."""
    code, description = "no error code (RFC 6749 §5.2)", ""
    try:
        answer = json_object_of(response)
        code, description = (
            value if isinstance(value := answer.get(name), str) else default
            for name, default in (("error", code), ("error_description", description))
        )
    except NotJSON as error:
        description = str(error)
    return TokenRefused(
        response.status_code, code, description, correlation_id_of(response), str(response.request.url)
    )
