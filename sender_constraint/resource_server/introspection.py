"""Opaque access tokens: their issuer is asked what they are worth.

RFC 7662, OAuth 2.0 Token Introspection, §2 and §4 (https://www.rfc-editor.org/rfc/rfc7662); ``cnf`` as
RFC 8705 §3.2 (https://www.rfc-editor.org/rfc/rfc8705). The API authenticates by a client certificate of its
own. An answer is kept for as long as is promised and no longer, under the digest of its token. What it says
is checked like the claims of a JWT: introspection says that the issuer knows a token, not that it is for us.
Not here: signed answers (RFC 9701), which nobody needs who asks over TLS and keeps nothing for long.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from sender_constraint.certificates.errors import CertificatesError
from sender_constraint.core.errors import InvalidToken, TemporarilyUnavailable
from sender_constraint.core.guidance import REQUEST_NEW_ONE, RETRY_LATER
from sender_constraint.core.rules import enforces, rule
from sender_constraint.http.exchange import exchange
from sender_constraint.http.refresh_ahead import Fetched, FetchFailed, RefreshAheadCache
from sender_constraint.jose.strict_json import parse_object
from sender_constraint.resource_server.access_token import AccessTokenVerifier, VerifiedToken, check_size
from sender_constraint.resource_server.introspection_limits import IntrospectionLimits
from sender_constraint.resource_server.key_discovery import DiscoveryFailed, discover_metadata

MAX_RESPONSE_BYTES = 64 * 1024
ASK_SECONDS = 2.0
# For so long the address of the endpoint is used without looking into the metadata again.
ENDPOINT_SECONDS = 300.0
REMEMBERED_TOKENS = 4096
# Longer ones are no handles: in a form they would be longer than what an issuer reads.
LONGEST_HANDLE = 4096

# RFC 7515 §7.1 and RFC 7516 §7.1: a token of three or five parts is a JWT, or wants to be one.
_DOTS_OF_A_JWT = (2, 4)

ANSWERED = rule(
    "service.introspection",
    "RFC 9110 §15.6.4",
    "The introspection endpoint is unreachable, or its response is invalid.",
).explained(
    "the issuer's response about the token, at most {promise_seconds} seconds old",
    "none: {problem}",
    RETRY_LATER,
)
INACTIVE = rule(
    "token.inactive", "RFC 7662 §2.2", "The issuer reports the opaque token as inactive."
).explained(
    "a token that its issuer reports as active",
    "a token that is unknown, expired, revoked, or not for this API",
    f"{REQUEST_NEW_ONE} The authorization server's audit trail has the reason.",
)


def is_opaque(token: str) -> bool:
    """Whether it has neither the three parts of a signed JWT nor the five of an encrypted one."""
    return token.count(".") not in _DOTS_OF_A_JWT


@dataclass(frozen=True, slots=True)
class Introspector:
    """Who asks, and whom.

    client: returns the connections that present the API's own certificate, those of its current generation.
    client_id: under which the issuer knows this API.
    """

    issuer: str
    client_id: str
    client: Callable[[], httpx.Client]


# Who presents a token: the thumbprint of a certificate of the scheme, None for any other caller. Raises a
# refusal where nothing is to be looked up for this caller.
Identify = Callable[[], str | None]


def unidentified() -> None:
    """A caller without a certificate of the scheme."""


class IntrospectedTokens:
    """Opaque tokens of one issuer, verified for one resource.

    verifier: for the issuer's tokens: what it checks of claims is checked here too.
    promise_seconds: for so long an answer is used. limits: how many introspections callers can cause; tokens
    that were active when they were last asked about are free. monotonic: as ``time.monotonic``.
    """

    def __init__(
        self,
        introspector: Introspector,
        verifier: AccessTokenVerifier,
        promise_seconds: float,
        *,
        limits: IntrospectionLimits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits or IntrospectionLimits(monotonic=monotonic)
        self._introspector = introspector
        self._verifier = verifier
        self._monotonic = monotonic
        self._answers: RefreshAheadCache[Mapping[str, Any]] = RefreshAheadCache(
            promise_seconds, capacity=REMEMBERED_TOKENS, wait_seconds=ASK_SECONDS, monotonic=monotonic
        )
        self._endpoint: tuple[str, float] | None = None

    def verify(self, token: str, identify: Identify = unidentified) -> VerifiedToken:
        """The token, once its issuer has said that it is active.

        identify: is called before the issuer is asked about a token that is not known to be active.
        Raises what that raises, InvalidToken with the rule that refused, or TemporarilyUnavailable where
        nothing can be said, or nothing more is asked for this caller.
        """
        check_size(token)
        if len(token) > LONGEST_HANDLE:
            check_active({"active": False})
        key = hashlib.sha256(token.encode()).digest()
        if not self._answers.knows(key):
            self._limits.check(identify())
        answer = self._answers.get(key, lambda _last: self._ask(token))
        check_answered(answer, self._answers, key)
        if answer is not None and not answer["active"]:
            # It costs whoever sends it a question each time, and takes nobody else's place here.
            self._answers.forget(key)
        check_active(answer)
        return self._verifier.in_force(self._claims(answer or {}, key))

    def _claims(self, answer: Mapping[str, Any], key: bytes) -> dict[str, Any]:
        """The members as claims. Of those that RFC 7662 leaves out at will, some follow from who was asked.

        Whom the token is for, whose it is and when it ends do not: without them it is refused.
        """
        claims = self._verifier.profile.read(answer)
        now = int(self._verifier.clock().timestamp())
        implied = {"iss": self._introspector.issuer, "sub": claims.get("client_id"), "jti": key.hex()[:32]}
        return {**implied, "iat": now, **claims}

    def _ask(self, token: str) -> Fetched[Mapping[str, Any]]:
        """RFC 7662 §2.1. Raises FetchFailed."""
        form = {
            "token": token,
            "token_type_hint": "access_token",
            "client_id": self._introspector.client_id,
        }
        try:
            client = self._introspector.client()
            url = self._endpoint_url(client)
            request = client.build_request("POST", url, data=form, headers={"Accept": "application/json"})
            response = exchange(
                client,
                request,
                max_bytes=MAX_RESPONSE_BYTES,
                seconds=ASK_SECONDS,
                monotonic=self._monotonic,
            )
        except (httpx.HTTPError, httpx.InvalidURL, OSError, CertificatesError, DiscoveryFailed) as problem:
            self._endpoint = None
            raise FetchFailed(f"introspection: {type(problem).__name__}: {problem}") from problem
        return Fetched(answer_of(response))

    def _endpoint_url(self, client: httpx.Client) -> str:
        """RFC 8414 §2; RFC 8705 §5: the alias, where there is one. Raises DiscoveryFailed."""
        known = self._endpoint
        if known is not None and self._monotonic() < known[1]:
            return known[0]
        metadata = discover_metadata(client, self._introspector.issuer, self._monotonic)
        aliases = metadata.get("mtls_endpoint_aliases")
        alias = aliases.get("introspection_endpoint") if isinstance(aliases, Mapping) else None
        url = alias or metadata.get("introspection_endpoint")
        if not isinstance(url, str) or not url.startswith("https://"):
            raise DiscoveryFailed("the metadata has no https introspection_endpoint (RFC 8414 §2)")
        self._endpoint = url, self._monotonic() + ENDPOINT_SECONDS
        return url


def answer_of(response: httpx.Response) -> dict[str, Any]:
    """The members of an introspection response (RFC 7662 §2.2). Raises FetchFailed."""
    if response.status_code != httpx.codes.OK:
        raise FetchFailed(f"introspection: the issuer answered {response.status_code}")
    if response.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise FetchFailed("introspection: the issuer answered no JSON")
    try:
        answer = parse_object(response.content)
    except ValueError as problem:
        raise FetchFailed(f"introspection: the issuer answered no JSON object: {problem}") from problem
    if not isinstance(answer.get("active"), bool):
        raise FetchFailed(
            "introspection: the answer does not say whether the token is active (RFC 7662 §2.2)"
        )
    return answer


@enforces(ANSWERED)
def check_answered(
    answer: Mapping[str, Any] | None, answers: RefreshAheadCache[Mapping[str, Any]], key: bytes
) -> None:
    """RFC 7662 §4: an API that cannot learn what a token is worth does not act on it."""
    if answer is None:
        raise TemporarilyUnavailable(
            ANSWERED,
            "Temporarily unavailable: the access token's status is unknown",
            **answers.failure_reason(key),
        )


@enforces(INACTIVE)
def check_active(answer: Mapping[str, Any] | None) -> None:
    """RFC 7662 §2.2: only an active token opens anything; why it is not, the issuer does not say."""
    if answer is not None and not answer["active"]:
        raise InvalidToken(INACTIVE, "The access token is not active")
