"""The authorization server's metadata: RFC 8414, and the endpoints for mutual TLS of RFC 8705 §5.

Checked: the issuer is ours (RFC 8414 §3.3), endpoints are HTTPS. Where there is no such document, that of
OpenID Connect Discovery takes its place. Not covered: signed metadata (§2.1).

https://www.rfc-editor.org/rfc/rfc8414 https://www.rfc-editor.org/rfc/rfc8705
"""

from dataclasses import dataclass
from typing import Any

import httpx

from sender_constraint.client.answers import NotJSON, described, json_object_of
from sender_constraint.client.errors import MetadataInvalid, unanswered
from sender_constraint.client.retries import Retries
from sender_constraint.core.correlation import CORRELATION_HEADER, new_correlation_id
from sender_constraint.core.issuers import metadata_urls
from sender_constraint.http.exchange import exchange

MAX_METADATA_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class ServerMetadata:
    """What a client needs to know. token_endpoint: of the aliases for mutual TLS, if that was asked for."""

    issuer: str
    token_endpoint: str


def discover(pool: httpx.Client, issuer: str, retries: Retries, *, mtls: bool = True) -> ServerMetadata:
    """Fetch and check an issuer's metadata. mtls: whether the client presents a certificate.

    Raises ServerUnreachable, ServerRefused or MetadataInvalid.
    """
    try:
        urls = metadata_urls(issuer)
    except ValueError as error:
        raise MetadataInvalid(str(error)) from error
    for url in urls[:-1]:
        response = _ask(pool, url, retries)
        if response.status_code not in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
            return _read(response, issuer, mtls)
    return _read(_ask(pool, urls[-1], retries), issuer, mtls)


def _ask(pool: httpx.Client, url: str, retries: Retries) -> httpx.Response:
    headers = {"Accept": "application/json", CORRELATION_HEADER: new_correlation_id()}
    request = pool.build_request("GET", url, headers=headers)
    try:
        return retries.send(
            lambda seconds: exchange(pool, request, max_bytes=MAX_METADATA_BYTES, seconds=seconds),
            repeatable=True,
        )
    except httpx.TransportError as error:
        raise unanswered(f"no metadata from {url}", error) from error


def _read(response: httpx.Response, issuer: str, mtls: bool) -> ServerMetadata:
    try:
        metadata = json_object_of(response)
        if response.status_code == httpx.codes.OK:
            return read_metadata(metadata, issuer, mtls=mtls)
        problem = "its status is not 200 (RFC 8414 §3.2)"
    except (NotJSON, MetadataInvalid) as error:
        problem = str(error)
    raise MetadataInvalid(
        f"the authorization server's metadata cannot be used: {problem}: {described(response)}"
    )


def read_metadata(metadata: Any, issuer: str, *, mtls: bool = True) -> ServerMetadata:
    """Check a metadata document against the issuer that was asked for. Raises MetadataInvalid.

    mtls: as for ``discover``.
    """
    if not isinstance(metadata, dict):
        raise MetadataInvalid("the metadata is not a JSON object")
    if metadata.get("issuer") != issuer:  # RFC 8414 §3.3: identical, or the document must not be used
        raise MetadataInvalid(f"the metadata is that of {metadata.get('issuer')!r}, not of {issuer!r}")
    aliases = metadata.get("mtls_endpoint_aliases") if mtls else None
    endpoint = aliases.get("token_endpoint") if isinstance(aliases, dict) else None
    endpoint = endpoint or metadata.get("token_endpoint")  # RFC 8705 §5: the alias goes first
    if not isinstance(endpoint, str) or not endpoint.startswith("https://"):
        raise MetadataInvalid("the metadata has no HTTPS token endpoint")
    return ServerMetadata(issuer, endpoint)
