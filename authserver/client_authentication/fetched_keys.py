"""The keys of a client: those that it registered, or those that are at its ``jwks_uri`` now.

RFC 7591 §2, https://www.rfc-editor.org/rfc/rfc7591. They are fetched over TLS, from hosts that the operator
allowed, without redirections, within limits of time and size, and pass the checks that registered ones pass.
They are never older than the promise within which a revocation counts: a key or certificate that is published
works within these seconds, and one that was taken away stops. They are fetched anew beside the requests,
while they are used; for the tokens that are bound to them see ``tasks``.
"""

import ssl
import time
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from authserver.clients.client_keys import check_keys
from authserver.clients.registered_client import RegisteredClient
from sender_constraint.core.errors import InvalidClientMetadata, TemporarilyUnavailable
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django.conf import library_settings
from sender_constraint.http.deadlines import client_with_deadlines
from sender_constraint.http.exchange import exchange
from sender_constraint.http.refresh_ahead import Fetched, FetchFailed, RefreshAheadCache
from sender_constraint.jose.strict_json import parse_object

KEYS_AWAY = rule(
    "client.keys-away", "RFC 7591 §2", "The client's jwks_uri is unreachable or returns unusable keys."
).explained(
    "keys from {jwks_uri}, at most {promise_seconds} seconds old",
    "no usable keys: {problem}",
    "Serve the public keys there over TLS, as a JWK Set; then retry after a second.",
)

MAX_RESPONSE_BYTES = 64 * 1024
FETCH_SECONDS = 3.0
REMEMBERED_KEY_SETS = 1_000

JwkSet = Mapping[str, Any]


class FetchedKeys:
    """The key sets of clients that publish them, as young as promised; shared by all requests of a process.

    client: trusts the servers of these addresses. hosts: of which addresses are fetched, with port if it has
    one. promise_seconds: no set is used for longer. monotonic: as ``time.monotonic``.
    """

    def __init__(
        self,
        client: httpx.Client,
        hosts: Collection[str],
        promise_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._hosts = frozenset(hosts)
        self._monotonic = monotonic
        self._sets: RefreshAheadCache[JwkSet] = RefreshAheadCache(
            promise_seconds, capacity=REMEMBERED_KEY_SETS, wait_seconds=FETCH_SECONDS, monotonic=monotonic
        )

    def of(self, client: RegisteredClient) -> JwkSet:
        """The keys at this client's ``jwks_uri``. Raises TemporarilyUnavailable."""
        # Clients may share an address, and yet each has checks and tokens of its own.
        whose = (client.client_id, client.jwks_uri)
        found = self._sets.get(whose, lambda _: Fetched(self.published_by(client)))
        return check_there(found, client, self._sets.failure_reason(whose))

    def published_by(self, client: RegisteredClient) -> JwkSet:
        """The keys at this client's ``jwks_uri`` now, none or sound ones. Raises FetchFailed."""
        address = client.jwks_uri
        if urlsplit(address).netloc.lower() not in self._hosts:
            raise FetchFailed("of this host nothing is fetched any more")
        jwks = fetched_document(self._client, address, self._monotonic)
        # Who publishes no key at all has taken all of them away.
        if jwks.get("keys") != []:
            _check(jwks, client)
        return jwks


def _check(jwks: JwkSet, client: RegisteredClient) -> None:
    try:
        check_keys(jwks, client.token_endpoint_auth_method, client.token_endpoint_auth_signing_alg)
    except InvalidClientMetadata as refusal:
        raise FetchFailed(f"{refusal.description} [{refusal.rule.identifier}]") from refusal


def fetched_document(
    client: httpx.Client, address: str, monotonic: Callable[[], float] = time.monotonic
) -> dict[str, Any]:
    """The JSON object at an address, within limits of time and size. Raises FetchFailed."""
    request = client.build_request("GET", address, headers={"Accept": "application/json"})
    try:
        response = exchange(
            client, request, max_bytes=MAX_RESPONSE_BYTES, seconds=FETCH_SECONDS, monotonic=monotonic
        )
    except httpx.HTTPError as problem:
        raise FetchFailed(f"{type(problem).__name__}: {problem}") from problem
    if response.status_code != httpx.codes.OK:
        raise FetchFailed(f"answered {response.status_code}")
    try:
        return parse_object(response.content)
    except ValueError as problem:
        raise FetchFailed(f"no set of keys: {problem}") from problem


@enforces(KEYS_AWAY)
def check_there(found: JwkSet | None, client: RegisteredClient, why: Mapping[str, Any]) -> JwkSet:
    """RFC 7591 §2: who cannot be verified is not refused for ever, and not accepted."""
    if found is None:
        raise TemporarilyUnavailable(
            KEYS_AWAY, "Temporarily unavailable", jwks_uri=client.jwks_uri[:500], **why
        )
    return found


def keys_of(client: RegisteredClient) -> JwkSet:
    """The client's JWK set, registered or fetched. Raises TemporarilyUnavailable."""
    if client.jwks_uri:
        return own_fetched_keys().of(client)
    return client.jwks or {"keys": []}


@cache
def own_fetched_keys() -> FetchedKeys:
    """Of this process, made when first needed: never shared with the process that it forked from."""
    return FetchedKeys(trusting_client(), settings.JWKS_URI_HOSTS, library_settings().revocation_seconds)


def trusting_client() -> httpx.Client:
    """A client that trusts the authorities of JWKS_URI_TRUST, or of the machine; and the scheme's."""
    context = ssl.create_default_context(cafile=settings.JWKS_URI_TRUST)
    context.load_verify_locations(library_settings().trust_bundle)
    return client_with_deadlines(context)
