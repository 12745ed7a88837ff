"""From an issuer's identifier to its keys, over HTTPS.

RFC 8414 §3 (https://www.rfc-editor.org/rfc/rfc8414): the metadata, which must name the very issuer that was
asked for; then the JWK Set (RFC 7517 §5, https://www.rfc-editor.org/rfc/rfc7517) that it points to.
Redirections are not followed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from sender_constraint.certificates.exchange import exchange
from sender_constraint.issuers import metadata_url
from sender_constraint.strict_json import parse_object

MAX_RESPONSE_BYTES = 64 * 1024
MAX_SECONDS = 5.0


class DiscoveryFailed(Exception):
    """The issuer could not be asked, or answered what cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class DiscoveredKeys:
    """An issuer's ES256 verification keys by ``kid``.

    max_age_seconds: for how long the issuer lets them be kept; None if it does not say.
    """

    by_kid: Mapping[str, EllipticCurvePublicKey]
    max_age_seconds: int | None


def discover_keys(client: httpx.Client, issuer: str, monotonic: Callable[[], float]) -> DiscoveredKeys:
    """The issuer's keys, as it publishes them now. Raises DiscoveryFailed."""
    deadline = monotonic() + MAX_SECONDS
    try:
        url = metadata_url(issuer)
    except ValueError as error:
        raise DiscoveryFailed(str(error)) from error
    metadata, _ = _fetch(client, url, deadline, monotonic)
    if metadata.get("issuer") != issuer:
        raise DiscoveryFailed("the metadata is another issuer's (RFC 8414 §3.3)")
    jwks_uri = metadata.get("jwks_uri")
    if not isinstance(jwks_uri, str) or not jwks_uri.startswith("https://"):
        raise DiscoveryFailed("the metadata has no https jwks_uri (RFC 8414 §2)")
    jwk_set, headers = _fetch(client, jwks_uri, deadline, monotonic)
    return DiscoveredKeys(verification_keys(jwk_set), max_age_seconds(headers))


def max_age_seconds(headers: httpx.Headers) -> int | None:
    """``Cache-Control: max-age`` (RFC 9111 §5.2.2.1) in seconds; None without one that can be read."""
    for directive in headers.get("cache-control", "").split(","):
        name, _, value = directive.strip().partition("=")
        if name.lower() == "max-age":
            return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
    return None


def verification_keys(jwk_set: Mapping[str, Any]) -> Mapping[str, EllipticCurvePublicKey]:
    """The keys of a JWK Set that verify ES256, by ``kid``; others are left out (RFC 7517 §5).

    A key whose private half is published is left out too. Raises DiscoveryFailed if two have the same
    ``kid``, or if none is left.
    """
    members = jwk_set.get("keys")
    if not isinstance(members, list):
        raise DiscoveryFailed("the JWK Set has no keys member (RFC 7517 §5.1)")
    keys: dict[str, EllipticCurvePublicKey] = {}
    for jwk in members:
        if not _verifies_es256(jwk):
            continue
        if jwk["kid"] in keys:
            raise DiscoveryFailed("two keys of the JWK Set have the same kid")
        try:
            key = jwt.PyJWK(jwk, algorithm="ES256").key
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        if isinstance(key, EllipticCurvePublicKey):
            keys[jwk["kid"]] = key
    if not keys:
        raise DiscoveryFailed("the JWK Set has no key that verifies ES256")
    return keys


def _verifies_es256(jwk: Any) -> bool:
    """RFC 7517 §4, RFC 7518 §6.2: a public P-256 key, for signatures, with a name."""
    return (
        isinstance(jwk, dict)
        and jwk.get("kty") == "EC"
        and jwk.get("crv") == "P-256"
        and jwk.get("use", "sig") == "sig"
        and jwk.get("alg", "ES256") == "ES256"
        and "d" not in jwk
        and isinstance(jwk.get("kid"), str)
        and jwk["kid"] != ""
    )


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
    if response.status_code != httpx.codes.OK:
        raise DiscoveryFailed(f"{url} answered {response.status_code}")
    try:
        return parse_object(response.content), response.headers
    except ValueError as problem:
        raise DiscoveryFailed(f"{url} answered no JSON object: {problem}") from problem
