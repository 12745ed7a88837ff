"""Asking an OCSP responder, over plain HTTP: its responses are signed.

RFC 6960, Online Certificate Status Protocol, appendix A (https://www.rfc-editor.org/rfc/rfc6960). What is
*not* checked here: anything about the response; ``ocsp.verify_response`` does that.
"""

import time
from collections.abc import Callable

import httpx
from cryptography import x509

from sender_constraint.certificates.errors import ResponderAway
from sender_constraint.certificates.ocsp import (
    MAX_RESPONSE_BYTES,
    REQUEST_TYPE,
    RESPONSE_TYPE,
    ocsp_request,
)
from sender_constraint.http.deadlines import client_with_deadlines
from sender_constraint.http.exchange import exchange


def responder_client() -> httpx.Client:
    """What asks. No connection is kept: one that the responder closed meanwhile would look like an outage."""
    return client_with_deadlines(limits=httpx.Limits(max_keepalive_connections=0))


def ask_responder(
    client: httpx.Client,
    url: str,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    nonce: bytes | None,
    *,
    seconds: float,
    monotonic: Callable[[], float] = time.monotonic,
) -> bytes:
    """The responder's DER response to a request with this nonce; None asks for a pre-signed response.

    seconds: as for ``exchange``. Raises ResponderAway.
    """
    headers = {"content-type": REQUEST_TYPE, "accept": RESPONSE_TYPE}
    try:
        request = client.build_request(
            "POST", url, content=ocsp_request(certificate, issuer, nonce), headers=headers
        )
        response = exchange(
            client, request, max_bytes=MAX_RESPONSE_BYTES, seconds=seconds, monotonic=monotonic
        )
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise ResponderAway(f"{url}: {type(problem).__name__}: {problem}") from problem
    if response.status_code != httpx.codes.OK:
        raise ResponderAway(f"{url} answered {response.status_code}")
    content_type = response.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != RESPONSE_TYPE:
        raise ResponderAway(f"{url} answered {content_type[:100]!r}, no OCSP response (RFC 6960 A.2)")
    return response.content
