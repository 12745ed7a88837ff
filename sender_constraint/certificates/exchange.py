"""One HTTP exchange whose answer is limited in size and in time, however slowly it drips in."""

import ssl
import time
from collections.abc import Callable
from contextvars import ContextVar

import httpx

CONNECT_SECONDS = 5.0


class AnswerTooLarge(httpx.TransportError):
    """The answer is longer than anything that this exchange could mean."""


class AnswerTooSlow(httpx.TimeoutException):
    """The answer was not complete in time."""


# When the exchange of this thread, or greenlet, has used up its time, this raises AnswerTooSlow.
_check_time: ContextVar[Callable[[], None] | None] = ContextVar("_check_time", default=None)


def end_in_time(context: ssl.SSLContext) -> None:
    """Have connections of this context read nothing more for an exchange whose time is up.

    Each wait has a limit of its own, which a server that sends its header byte by byte would never meet.
    """
    base = context.sslsocket_class

    class TimedSocket(base):  # type: ignore[misc, valid-type]  # the base may be gevent's
        def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
            if check_time := _check_time.get():
                check_time()
            return bytes(super().recv(buflen, flags))

    context.sslsocket_class = TimedSocket


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
    the limit; for what comes before the body that holds where ``end_in_time`` was given the context.
    monotonic: seconds, as ``time.monotonic``. Redirections are not followed.
    Raises httpx.TransportError: no answer, too large, too slow.
    """
    deadline = monotonic() + seconds
    limits = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
    request.extensions["timeout"] = limits.as_dict()

    def check_time() -> None:
        if monotonic() > deadline:
            raise AnswerTooSlow(f"the answer took more than {seconds:g} seconds", request=request)

    token = _check_time.set(check_time)
    try:
        response = client.send(request, stream=True, follow_redirects=False)
        body = _read(response, max_bytes, check_time)
    finally:
        _check_time.reset(token)
    headers = [pair for pair in response.headers.multi_items() if pair[0] not in _CODING]
    return httpx.Response(response.status_code, headers=headers, content=body, request=request)


def _read(response: httpx.Response, max_bytes: int, check_time: Callable[[], None]) -> bytes:
    body = bytearray()
    try:
        for part in response.iter_bytes():
            body += part
            if len(body) > max_bytes:
                raise AnswerTooLarge(f"the answer has more than {max_bytes} bytes", request=response.request)
            check_time()
    finally:
        response.close()
    return bytes(body)


# They describe the body as it travelled; what is handed on has been decoded and put together.
_CODING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
