"""The issuer's status lists: fetched, verified, and kept fresh beside the calls.

draft-ietf-oauth-status-list-21 §5.1, §8.1 to §8.3 and §13.7, of June 2026, the newest text there is
(https://datatracker.ietf.org/doc/html/draft-ietf-oauth-status-list-21); RFC 9110 §13.1.2 for
``If-None-Match``. The list's ``iss`` is compared as well, which the draft leaves to its applications: an
issuer speaks for its own tokens. Not here: CWT, history, aggregation.

An answer, also "not modified", counts from the sending of the question, less the ``Age`` of what somebody in
between had kept (RFC 9111 §5.1). It comes over TLS from the address that the issuer signed into the token.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import jwt

from sender_constraint.http.exchange import exchange
from sender_constraint.http.refresh_ahead import Answer, FreshAnswers, NoAnswer
from sender_constraint.jose import jws
from sender_constraint.jose.status_lists import (
    MEDIA_TYPE,
    MOST_OCTETS,
    TYPE,
    StatusList,
    StatusReference,
    status_list_of,
)
from sender_constraint.resource_server import issuer_signatures
from sender_constraint.resource_server.access_token import Keys
from sender_constraint.resource_server.issuer_keys import KeysUnavailable

logger = logging.getLogger(__name__)

# A list whose statuses do not compress, in base64url twice over, and the rest of it.
MAX_RESPONSE_BYTES = MOST_OCTETS * 2
ASK_SECONDS = 2.0
# §13.7: a list may ask to be fetched often, but not for each call.
SHORTEST_TTL_SECONDS = 1.0
# By so much the clocks of one issuer's servers may differ: a list that is older than that, and says something
# else, was replayed. One that says the same is of an issuer whose clock was put back.
CLOCKS_APART_SECONDS = 5.0
# So many lists of a megabyte at most.
REMEMBERED_LISTS = 64


@dataclass(frozen=True, slots=True)
class SignedList:
    """A verified list.

    issued_at, expires_at: seconds since 1970, the latter infinite where it does not say. entity_tag: by which
    to ask whether it has changed; empty where there is none.
    """

    statuses: StatusList
    issued_at: float
    expires_at: float
    ttl_seconds: float
    entity_tag: str


class StatusLists:
    """The lists of one issuer, as young as promised.

    client: trusts the servers of the lists. keys: the issuer's. clock: returns the aware time.
    future_seconds: how far the issuer's clock may be ahead of this one. monotonic: as ``time.monotonic``.
    """

    def __init__(
        self,
        issuer: str,
        keys: Keys,
        client: httpx.Client,
        promise_seconds: float,
        clock: Callable[[], datetime],
        *,
        algorithms: tuple[str, ...] = ("ES256",),
        future_seconds: float = 45,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._keys = keys
        self._client = client
        self._clock = clock
        self._algorithms = algorithms
        self._future_seconds = future_seconds
        self._monotonic = monotonic
        self._lists: FreshAnswers[SignedList] = FreshAnswers(
            promise_seconds, remembered=REMEMBERED_LISTS, wait_seconds=ASK_SECONDS, monotonic=monotonic
        )

    def status_of(self, reference: StatusReference) -> int | None:
        """The status of a token (§7.1); None where its list cannot be had.

        Raises IndexError for an index beyond the end of the list.
        """
        known = self._lists.get(reference.uri, lambda last: self._ask(reference.uri, last))
        if known is None or self._clock().timestamp() >= known.expires_at:
            return None
        return known.statuses.status(reference.index)

    def why_none(self, reference: StatusReference) -> Mapping[str, Any]:
        """For the audit trail, where there was no status."""
        return {"uri": reference.uri[:500], **self._lists.why_none(reference.uri)}

    def _ask(self, uri: str, last: SignedList | None) -> Answer[SignedList]:
        """Raises NoAnswer."""
        now = self._clock().timestamp()
        if last is not None and now >= last.expires_at:
            last = None
        response = self._fetched(uri, last)
        if response.status_code == httpx.codes.NOT_MODIFIED and last is not None:
            return self._answer(last, response)
        if response.status_code != httpx.codes.OK:
            raise NoAnswer(f"{uri} answered {response.status_code}")
        if response.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
            raise NoAnswer(f"{uri} answered no status list")
        try:
            signed = self._verified(response.text, uri, response.headers.get("etag", ""), now)
        except ValueError as problem:
            raise NoAnswer(f"{uri}: {problem}") from problem
        except KeysUnavailable as problem:
            raise NoAnswer(f"{uri}: the issuer's keys: {problem.reason}") from problem
        if last is not None and _takes_back(last, signed):
            raise NoAnswer(f"{uri}: the list is older than the one before it")
        return self._answer(signed, response)

    def _answer(self, signed: SignedList, response: httpx.Response) -> Answer[SignedList]:
        age = response.headers.get("age", "")
        kept = float(age) if age.isascii() and age.isdigit() and len(age) < 10 else 0.0
        return Answer(signed, kept, max(signed.ttl_seconds, SHORTEST_TTL_SECONDS))

    def _fetched(self, uri: str, last: SignedList | None) -> httpx.Response:
        headers = {"Accept": MEDIA_TYPE, "Cache-Control": "no-cache"}
        if last is not None and last.entity_tag:
            headers["If-None-Match"] = last.entity_tag
        try:
            return exchange(
                self._client,
                self._client.build_request("GET", uri, headers=headers),
                max_bytes=MAX_RESPONSE_BYTES,
                seconds=ASK_SECONDS,
                monotonic=self._monotonic,
            )
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
            raise NoAnswer(f"{uri}: {type(problem).__name__}: {problem}") from problem

    def _verified(self, token: str, uri: str, entity_tag: str, now: float) -> SignedList:
        """§5.1 and §8.3. Raises ValueError or KeysUnavailable."""
        if not jws.is_compact(token):
            raise ValueError("the list is no signed JWT")
        self._check_signature(token, jws.header_of(token))
        claims = jws.payload_of(token)
        if claims.get("sub") != uri:
            raise ValueError("the list is another one: its sub is not the token's uri (§8.3)")
        if claims.get("iss", self._issuer) != self._issuer:
            raise ValueError("the list is another issuer's")
        issued_at, expires_at = _time(claims, "iat"), _time(claims, "exp", float("inf"))
        if issued_at > now + self._future_seconds:
            raise ValueError("the list was issued in the future")
        if now >= expires_at:
            raise ValueError("the list has expired (§8.3)")
        ttl = _time(claims, "ttl", float("inf"))
        return SignedList(status_list_of(claims.get("status_list")), issued_at, expires_at, ttl, entity_tag)

    def _check_signature(self, token: str, header: Mapping[str, Any]) -> None:
        """§5.1: of the type, signed by a key of the issuer's, with an algorithm that is expected."""
        named = header.get("typ")
        if not isinstance(named, str) or named.lower() not in (TYPE, MEDIA_TYPE):
            raise ValueError("the list is not of the type statuslist+jwt (§5.1)")
        algorithm, key_identifier = header.get("alg"), header.get("kid")
        if algorithm not in self._algorithms or "crit" in header or not isinstance(key_identifier, str):
            raise ValueError("the list is signed with what is not expected")
        key = self._keys.key(key_identifier, algorithm)
        if key is None:
            raise ValueError("the list is signed by a key that is none of the issuer's")
        try:
            issuer_signatures.verify(token, key, algorithm)
        except (jwt.PyJWTError, ValueError, TypeError) as problem:
            raise ValueError("the list's signature is not the issuer's") from problem


def _takes_back(last: SignedList, signed: SignedList) -> bool:
    older = signed.issued_at < last.issued_at - CLOCKS_APART_SECONDS
    return older and signed.statuses != last.statuses


def _time(claims: Mapping[str, Any], name: str, default: float | None = None) -> float:
    """A number of seconds. Raises ValueError."""
    value = claims.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise ValueError(f"the list's {name} is no time")
    return float(value)
