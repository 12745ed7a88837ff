"""One HTTP exchange whose answer is limited in size and in time, however slowly it drips in."""

import time
from collections.abc import Callable

import httpx

CONNECT_SECONDS = 5.0


class AnswerTooLarge(httpx.TransportError):
    """The answer is longer than anything that this exchange could mean."""


class AnswerTooSlow(httpx.TimeoutException):
    """The answer was not complete in time."""


def exchange(
    client: httpx.Client,
    request: httpx.Request,
    *,
    max_bytes: int,
    seconds: float,
    monotonic: Callable[[], float] = time.monotonic,
) -> httpx.Response:
    """Send a request and read its answer whole, but no more than ``max_bytes`` of body.

    seconds: for the whole exchange; one wait may begin just before they end, so that twice as much is
    the limit. monotonic: seconds, as ``time.monotonic``. Redirections are not followed.
    Raises httpx.TransportError: no answer, too large, too slow.
    """
    deadline = monotonic() + seconds
    limits = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
    request.extensions["timeout"] = limits.as_dict()
    response = client.send(request, stream=True, follow_redirects=False)
    try:
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > max_bytes:
                raise AnswerTooLarge(f"the answer has more than {max_bytes} bytes", request=request)
            if monotonic() > deadline:
                raise AnswerTooSlow(f"the answer took more than {seconds:g} seconds", request=request)
    finally:
        response.close()
    headers = [pair for pair in response.headers.multi_items() if pair[0] not in _CODING]
    return httpx.Response(response.status_code, headers=headers, content=bytes(body), request=request)


# They describe the body as it travelled; what is handed on has been decoded and put together.
_CODING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
