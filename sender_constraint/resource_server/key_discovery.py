"""From an issuer's identifier to its keys, over HTTPS.

RFC 8414 §3 (https://www.rfc-editor.org/rfc/rfc8414): the metadata, which must name the very issuer that was
asked for; then the JWK Set (RFC 7517 §5, https://www.rfc-editor.org/rfc/rfc7517) that it points to. Where
there is no such document, that of OpenID Connect Discovery takes its place. Redirections are not followed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from sender_constraint.core.issuers import metadata_urls
from sender_constraint.http.exchange import exchange
from sender_constraint.jose.strict_json import parse_object
from sender_constraint.resource_server.issuer_signatures import IssuerKey, verification_key

MAX_RESPONSE_BYTES = 64 * 1024
MAX_SECONDS = 5.0


class DiscoveryFailed(Exception):
    """The issuer could not be asked, or answered what cannot be used; the text says why."""


class NotThere(DiscoveryFailed):
    """There is no such document (RFC 9110 §15.5.5): another one may be."""


# The key of a ``kid`` for an algorithm.
Keys = Mapping[tuple[str, str], IssuerKey]


@dataclass(frozen=True, slots=True)
class DiscoveredKeys:
    """An issuer's verification keys by ``kid`` and algorithm.

    max_age_seconds: for how long the issuer lets them be kept; None if it does not say.
    """

    keys: Keys
    max_age_seconds: int | None


def discover_keys(
    client: httpx.Client,
    issuer: str,
    monotonic: Callable[[], float],
    algorithms: Sequence[str] = ("ES256",),
    jwks_uri: str = "",
) -> DiscoveredKeys:
    """The issuer's keys, as it publishes them now. Raises DiscoveryFailed.

    algorithms: for which keys are wanted. jwks_uri: where they are, of an issuer without metadata.
    """
    deadline = monotonic() + MAX_SECONDS
    url = jwks_uri or _jwks_uri(client, issuer, deadline, monotonic)
    jwk_set, headers = _fetch(client, url, deadline, monotonic)
    return DiscoveredKeys(verification_keys(jwk_set, algorithms), max_age_seconds(headers))


def discover_metadata(client: httpx.Client, issuer: str, monotonic: Callable[[], float]) -> dict[str, Any]:
    """What the issuer says about itself (RFC 8414 §3.3: it, and no other). Raises DiscoveryFailed."""
    return _metadata_of(client, issuer, monotonic() + MAX_SECONDS, monotonic)


def _metadata_of(
    client: httpx.Client, issuer: str, deadline: float, monotonic: Callable[[], float]
) -> dict[str, Any]:
    metadata = _metadata(client, issuer, deadline, monotonic)
    if metadata.get("issuer") != issuer:
        raise DiscoveryFailed("the metadata is another issuer's (RFC 8414 §3.3)")
    return metadata


def _jwks_uri(client: httpx.Client, issuer: str, deadline: float, monotonic: Callable[[], float]) -> str:
    """RFC 8414 §2: from the metadata, which must be this issuer's."""
    metadata = _metadata_of(client, issuer, deadline, monotonic)
    jwks_uri = metadata.get("jwks_uri")
    if not isinstance(jwks_uri, str) or not jwks_uri.startswith("https://"):
        raise DiscoveryFailed("the metadata has no https jwks_uri (RFC 8414 §2)")
    return jwks_uri


def _metadata(
    client: httpx.Client, issuer: str, deadline: float, monotonic: Callable[[], float]
) -> dict[str, Any]:
    """The first of the documents that is there."""
    try:
        urls = metadata_urls(issuer)
    except ValueError as error:
        raise DiscoveryFailed(str(error)) from error
    missing = []
    for url in urls:
        try:
            return _fetch(client, url, deadline, monotonic)[0]
        except NotThere as problem:
            missing.append(str(problem))
    raise DiscoveryFailed("; ".join(missing))


def max_age_seconds(headers: httpx.Headers) -> int | None:
    """``Cache-Control: max-age`` (RFC 9111 §5.2.2.1) in seconds; None without one that can be read."""
    for directive in headers.get("cache-control", "").split(","):
        name, _, value = directive.strip().partition("=")
        if name.lower() == "max-age":
            return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
    return None


def verification_keys(jwk_set: Mapping[str, Any], algorithms: Sequence[str] = ("ES256",)) -> Keys:
    """The keys of a JWK Set that verify these algorithms; others are left out (RFC 7517 §5).

    A key whose private half is published is left out too. Raises DiscoveryFailed if two for one algorithm
    have the same ``kid``, or if none is left.
    """
    members = jwk_set.get("keys")
    if not isinstance(members, list):
        raise DiscoveryFailed("the JWK Set has no keys member (RFC 7517 §5.1)")
    keys: dict[tuple[str, str], IssuerKey] = {}
    for jwk in members:
        for algorithm in algorithms:
            key = verification_key(jwk, algorithm)
            if key is None:
                continue
            if (jwk["kid"], algorithm) in keys:
                raise DiscoveryFailed("two keys of the JWK Set have the same kid")
            keys[jwk["kid"], algorithm] = key
    if not keys:
        raise DiscoveryFailed(f"the JWK Set has no key that verifies {' or '.join(algorithms)}")
    return keys


def _fetch(
    client: httpx.Client, url: str, deadline: float, monotonic: Callable[[], float]
) -> tuple[dict[str, Any], httpx.Headers]:
    """A JSON object and its headers; bounded in bytes and, also where it trickles in, in time."""
    headers = {"accept": "application/json"}
    try:
        response = exchange(
            client,
            client.build_request("GET", url, headers=headers),
            max_bytes=MAX_RESPONSE_BYTES,
            seconds=max(deadline - monotonic(), 0.1),
            monotonic=monotonic,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise DiscoveryFailed(f"{url}: {type(problem).__name__}: {problem}") from problem
    if response.status_code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        raise NotThere(f"{url} answered {response.status_code}")
    if response.status_code != httpx.codes.OK:
        raise DiscoveryFailed(f"{url} answered {response.status_code}")
    try:
        return parse_object(response.content), response.headers
    except ValueError as problem:
        raise DiscoveryFailed(f"{url} answered no JSON object: {problem}") from problem
