"""Connections on which no wait goes beyond the deadline of the exchange that is under way.

``httpx`` limits each wait by itself: a server that sends a byte now and then is waited for without end, in
the handshake and in the header of its response as well as in the body. Here all waits of an exchange share
one deadline: ``exchange`` sets it, and every read, write and handshake on a connection of these clients
keeps it.
"""

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

# How many seconds are left for what this thread, or greenlet, is doing; None where nobody set a limit.
_remaining: ContextVar[Callable[[], float] | None] = ContextVar("remaining", default=None)


@contextmanager
def deadline(remaining: Callable[[], float]) -> Iterator[None]:
    """Within the block, waits on connections of these clients end when ``remaining`` seconds are none."""
    token = _remaining.set(remaining)
    try:
        yield
    finally:
        _remaining.reset(token)


def client_with_deadlines(
    context: ssl.SSLContext | None = None,
    *,
    timeout: httpx.Timeout | None = None,
    limits: httpx.Limits | None = None,
    auth: httpx.Auth | None = None,
) -> httpx.Client:
    """A client without redirects, cookies, proxies, or anything else of the process's environment.

    Each ``Set-Cookie`` is ignored: every request authenticates by itself, and a cookie of one answer would
    link it to the others.
    context: which servers it trusts; None: those of no authority, for what is read over plain HTTP.
    """
    return httpx.Client(
        transport=_Transport(context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), limits or httpx.Limits()),
        timeout=timeout or httpx.Timeout(5.0),
        auth=auth,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        trust_env=False,
        follow_redirects=False,
    )


class _Transport(httpx.HTTPTransport):
    """httpx's own, with a pool whose connections keep the deadline."""

    def __init__(self, context: ssl.SSLContext, limits: httpx.Limits) -> None:
        # httpx offers no way to say what the pool's connections are made of, but httpcore does.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Backend(),
        )


class _Backend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        seconds = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(super().connect_tcp(host, port, seconds, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    """A stream of httpcore's, none of whose waits goes beyond the deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            seconds = _left(timeout, httpcore.ConnectTimeout)
            with self._ended_after(seconds):
                return _Stream(self._stream.start_tls(ssl_context, server_hostname, seconds))
        except BaseException:
            self.close()  # nobody else does where not even httpcore's handshake has begun
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    @contextmanager
    def _ended_after(self, seconds: float | None) -> Iterator[None]:
        """The connection ends if the block takes longer.

        gevent's handshake gives each of its reads the whole time: only the end of the connection stops it.
        """
        if seconds is None:
            yield
            return
        watch = threading.Timer(seconds, self._end)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def _end(self) -> None:
        with suppress(OSError):
            self._stream.get_extra_info("socket").shutdown(2)


def _left(timeout: float | None, error: type[Exception]) -> float | None:
    """The time for one wait, in seconds: of its own limit and the deadline what comes first."""
    remaining = _remaining.get()
    if remaining is None:
        return timeout
    left = remaining()
    if left <= 0:
        raise error("the time for the exchange is over")
    return left if timeout is None else min(timeout, left)
