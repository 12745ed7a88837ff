"""The keys of the directory whose software statements are taken: in a file, or fetched over TLS.

RFC 7591 §2.3, §5, https://www.rfc-editor.org/rfc/rfc7591. A file is read anew each time. What is fetched is
never older than the promise within which a revocation counts: a key that the directory takes away stops.
"""

import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings

from authserver.client_authentication.fetched_keys import FETCH_SECONDS, fetched_document, trusting_client
from sender_constraint.core.errors import TemporarilyUnavailable
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django.conf import library_settings
from sender_constraint.http.refresh_ahead import Fetched, FetchFailed, RefreshAheadCache
from sender_constraint.jose.strict_json import parse_object

KEYS_AWAY = rule(
    "statement.keys-away", "RFC 7591 §2.3", "The directory's keys are unreachable or not a JWK Set."
).explained("the directory's keys, from {source}", "no usable keys: {problem}")

JwkSet = Mapping[str, Any]


class StatementKeys:
    """A directory's keys.

    source: an https address, or the path of a file. client: makes the client that fetches, when first needed.
    promise_seconds: no set is used for longer. monotonic: as ``time.monotonic``.
    """

    def __init__(
        self,
        source: str,
        client: Callable[[], httpx.Client],
        promise_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._make_client = client
        self._client: httpx.Client | None = None
        self._sets: RefreshAheadCache[JwkSet] = RefreshAheadCache(
            promise_seconds, capacity=1, wait_seconds=FETCH_SECONDS, monotonic=monotonic
        )

    def get(self) -> JwkSet:
        """The JWK Set as it is now. Raises TemporarilyUnavailable."""
        if self._source.startswith("https:"):
            found = self._sets.get(self._source, lambda _: self._fetched())
            return check_there(found, self._source, self._sets.failure_reason(self._source))
        try:
            return check_there(_key_set(parse_object(Path(self._source).read_bytes())), self._source, {})
        except (OSError, ValueError, FetchFailed) as problem:
            return check_there(None, self._source, {"problem": str(problem)[:200]})

    def _fetched(self) -> Fetched[JwkSet]:
        """Raises FetchFailed."""
        if self._client is None:
            self._client = self._make_client()
        return Fetched(_key_set(fetched_document(self._client, self._source)))


@enforces(KEYS_AWAY)
def check_there(found: JwkSet | None, source: str, why: Mapping[str, Any]) -> JwkSet:
    """RFC 7591 §2.3: what cannot be verified is not refused for ever, and not accepted."""
    if found is None:
        raise TemporarilyUnavailable(KEYS_AWAY, "Temporarily unavailable", source=source[:500], **why)
    return found


def statement_keys() -> JwkSet:
    """The keys of the directory of the settings. Raises TemporarilyUnavailable."""
    return _own_keys(settings.SOFTWARE_STATEMENT_JWKS).get()


@cache
def _own_keys(source: str) -> StatementKeys:
    """Of this process, made when first needed: never shared with the process that it forked from."""
    return StatementKeys(source, trusting_client, library_settings().revocation_seconds)


def _key_set(document: dict[str, Any]) -> JwkSet:
    """RFC 7517 §5. Raises FetchFailed."""
    if not isinstance(document.get("keys"), list) or not all(isinstance(k, dict) for k in document["keys"]):
        raise FetchFailed("no set of keys")
    return document
