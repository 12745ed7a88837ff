"""The authorization server's public keys: discovered, cached, refreshed within bounds.

RFC 8414, OAuth 2.0 Authorization Server Metadata, §3 (https://www.rfc-editor.org/rfc/rfc8414); RFC 7517,
JSON Web Key, §4 and §5 (https://www.rfc-editor.org/rfc/rfc7517).
"""

import time
from collections.abc import Callable, Sequence

import httpx

from sender_constraint.http.refresh_ahead import Fetched, FetchFailed, RefreshAheadCache
from sender_constraint.resource_server.issuer_signatures import IssuerKey
from sender_constraint.resource_server.key_discovery import (
    MAX_SECONDS,
    DiscoveryFailed,
    Keys,
    discover_keys,
)

# An answer takes at most ``MAX_SECONDS``; this is for one that is on its way then.
LONGEST_WAIT_SECONDS = 2 * MAX_SECONDS

# The one key of the cache: all keys of an issuer come together.
ALL = "keys"


class KeysUnavailable(Exception):
    """Keys that are recent enough cannot be had: nothing can be said about a token, good or bad.

    It is no Refusal of the token: answer it with 503 and ``Retry-After`` (RFC 9110 §15.6.4).
    reason: for the audit trail.
    """

    def __init__(self, reason: str, retry_after_seconds: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class IssuerKeys:
    """One issuer's verification keys, shared by all threads of a process.

    client: trusts the issuer's server certificate; it belongs to the caller, who closes it. It is used in the
        background only (``background_thread``).
    algorithms: the signature algorithms that are accepted. jwks_uri: for an issuer without metadata.
    fresh_seconds: how long keys are used before they are fetched again, or the ``max-age`` that came with
        them if that is less, so that a withdrawn key is noticed in time.
    max_stale_seconds: how long keys are used, counted from their request, while fetching fails.
    refresh_interval_seconds: an unknown ``kid`` has the keys fetched again, but not more often than this:
        otherwise any caller could flood the issuer.
    retry_seconds: the pause after a failure. monotonic: seconds, as ``time.monotonic``.
    """

    def __init__(
        self,
        issuer: str,
        client: httpx.Client,
        *,
        algorithms: Sequence[str] = ("ES256",),
        jwks_uri: str = "",
        fresh_seconds: float = 300,
        max_stale_seconds: float = 3600,
        refresh_interval_seconds: float = 5,
        retry_seconds: float = 1,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._client = client
        self._algorithms = tuple(algorithms)
        self._jwks_uri = jwks_uri
        self._fresh_seconds = fresh_seconds
        self._refresh_interval_seconds = refresh_interval_seconds
        self._retry_seconds = retry_seconds
        self._monotonic = monotonic
        self._keys: RefreshAheadCache[Keys] = RefreshAheadCache(
            max_stale_seconds,
            capacity=1,
            wait_seconds=LONGEST_WAIT_SECONDS,
            retry_seconds=retry_seconds,
            monotonic=monotonic,
        )

    def key(self, key_identifier: str, algorithm: str = "ES256") -> IssuerKey | None:
        """The key of this ``kid`` that verifies this algorithm; None if the issuer has none.

        Raises KeysUnavailable if there are no keys younger than ``max_stale_seconds``, and for an unknown
        ``kid`` if the issuer could not be asked about it.
        """
        wanted = (key_identifier, algorithm)
        known = self._known(wanted)
        if known is None or self._keys.is_due(ALL):
            # A caller whose key is known does not wait for the refresh that another caller started.
            self._keys.refresh(ALL, lambda _last: self._fetch(), wait=known is None)
            known = self._known(wanted)
        error = self._keys.error(ALL)
        if self._keys.peek(ALL) is None:
            raise KeysUnavailable(error or "the issuer's keys are too old", self._retry_seconds)
        if known is None and error is not None:
            raise KeysUnavailable(error, self._retry_seconds)
        return known

    def _known(self, wanted: tuple[str, str]) -> IssuerKey | None:
        cached = self._keys.peek(ALL)
        return cached.value.get(wanted) if cached else None

    def _fetch(self) -> Fetched[Keys]:
        try:
            discovered = discover_keys(
                self._client, self._issuer, self._monotonic, self._algorithms, self._jwks_uri
            )
        except DiscoveryFailed as failure:
            raise FetchFailed(str(failure)) from failure
        fresh = self._fresh_seconds
        if discovered.max_age_seconds is not None:
            # Not less than the interval, or each token would have the issuer asked.
            fresh = min(fresh, max(discovered.max_age_seconds, self._refresh_interval_seconds))
        return Fetched(discovered.keys, fresh_seconds=fresh, pause_seconds=self._refresh_interval_seconds)
