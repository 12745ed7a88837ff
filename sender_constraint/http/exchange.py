"""One HTTP exchange whose answer is limited in size and in time, however slowly it drips in.

What was compressed unasked is not unpacked (RFC 9110 §8.4, https://www.rfc-editor.org/rfc/rfc9110): a few
hundred bytes could become as many megabytes before the first of them is counted.
"""

import time
from collections.abc import Callable

import httpx

from sender_constraint.http.deadlines import deadline

CONNECT_SECONDS = 5.0


class AnswerTooLarge(httpx.TransportError):
    """The answer is longer than anything that this exchange could mean."""


class AnswerTooSlow(httpx.TimeoutException):
    """The answer was not complete in time."""


class AnswerEncoded(httpx.TransportError):
    """The answer comes in a content coding, which nobody asked for."""


def exchange(
    client: httpx.Client,
    request: httpx.Request,
    *,
    max_bytes: int,
    seconds: float,
    monotonic: Callable[[], float] = time.monotonic,
) -> httpx.Response:
    """Send a request and read its answer whole, but no more than ``max_bytes`` of body.

    client: one of ``client_with_deadlines``; any other limits the time of the body alone, and of each wait.
    seconds: for the whole exchange. monotonic: seconds, as ``time.monotonic``. Redirections are not followed.
    Raises httpx.TransportError: no answer, too large, too slow, compressed.
    """
    ends_at = monotonic() + seconds
    limits = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
    request.extensions["timeout"] = limits.as_dict()
    request.headers["Accept-Encoding"] = "identity"

    def check_time() -> None:
        if monotonic() > ends_at:
            raise AnswerTooSlow(f"the answer took more than {seconds:g} seconds", request=request)

    with deadline(lambda: ends_at - monotonic()):
        try:
            response = client.send(request, stream=True, follow_redirects=False)
            body = _read(response, max_bytes, check_time)
        except httpx.TransportError:
            check_time()
            raise
    headers = [pair for pair in response.headers.multi_items() if pair[0] not in _FRAMING]
    return httpx.Response(response.status_code, headers=headers, content=body, request=request)


def _read(response: httpx.Response, max_bytes: int, check_time: Callable[[], None]) -> bytes:
    body = bytearray()
    try:
        _check_not_encoded(response)
        for part in response.iter_bytes():
            body += part
            if len(body) > max_bytes:
                raise AnswerTooLarge(f"the answer has more than {max_bytes} bytes", request=response.request)
            check_time()
    finally:
        response.close()
    return bytes(body)


def _check_not_encoded(response: httpx.Response) -> None:
    coding = response.headers.get("content-encoding", "")
    if coding.strip().lower() not in ("", "identity"):
        raise AnswerEncoded(f"the answer comes in the coding {coding[:40]!r}", request=response.request)


# They describe the body as it travelled; what is handed on has been put together.
_FRAMING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
