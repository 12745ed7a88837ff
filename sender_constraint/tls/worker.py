"""gunicorn's gevent worker, with a limit on every wait and room for the next caller."""

import contextlib
import resource
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any

from gevent import sleep, spawn
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.sock import ssl_context
from gunicorn.workers.base_async import AsyncWorker
from gunicorn.workers.ggevent import GeventWorker

from sender_constraint.core.errors import Refusal
from sender_constraint.core.events import HTTP_REQUEST, EventReporter, NotRecorded
from sender_constraint.tls import request_validation
from sender_constraint.tls.deadline_socket import PacedSocket, PlainSocket
from sender_constraint.tls.handshake import complete_handshake
from sender_constraint.tls.limits import Limits, Phase
from sender_constraint.tls.tls_socket import TLSSocket
from sender_constraint.tls.turns import Turns

OTHER_DESCRIPTORS = 256  # what a worker opens besides its callers' connections
BETWEEN_REQUESTS = (Phase.ARRIVAL, Phase.IDLE)


class PacedWorker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves each connection in a greenlet of its own.

    limits, reporter, background, urgent: set by the ``post_fork`` hook of ``gunicorn_settings``.
    background: what runs for as long as the worker serves. urgent: how the paths begin that are served first.
    """

    limits: Limits
    reporter: EventReporter
    background: Sequence[Callable[[], None]]
    urgent: tuple[str, ...]

    def init_process(self) -> None:
        """Make sure of enough file descriptors, then start."""
        self.worker_connections = _connections_within_descriptors(self.limits.connections)
        self.open: dict[PacedSocket, str] = {}  # each connection, and its peer's address
        self.changed = Event()
        self.turns = Turns()
        super().init_process()

    def run(self) -> None:
        """Serve until told to stop; then finish the requests that have begun."""
        as_tls = {"ssl_context": ssl_context(self.cfg)} if self.cfg.is_ssl else {}
        servers = [
            StreamServer(
                listener,
                handle=partial(self.handle, _Listener(listener)),
                spawn=Pool(self.worker_connections),
                **as_tls,
            )
            for listener in self.sockets
        ]
        for server in servers:
            # With several workers, each takes one connection at a time and leaves the next to the others.
            server.max_accept = 1 if self.cfg.workers > 1 else server.max_accept
            server.start()
        for task in (self.turns.give, *self.background):
            spawn(task)
        while self.alive:
            self.notify()
            self.changed.wait(1)
            self.changed.clear()
        for server in servers:
            server.stop_accepting()
        # close() makes a server forget its handler: what was accepted a moment ago gets there first.
        sleep(0)
        for server in servers:
            server.close()
        self._finish_requests()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: stop, now rather than at the next turn of the loop."""
        super().handle_exit(sig, frame)
        self.changed.set()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection from its handshake to its end."""
        connection = client if isinstance(client, PacedSocket) else PlainSocket(client, self.limits)
        self.open[connection] = addr[0]
        self._make_room()
        try:
            if isinstance(connection, TLSSocket) and not complete_handshake(
                connection, _address(addr), self.reporter
            ):
                return
            # Not GeventWorker's: it only makes the socket a blocking one.
            AsyncWorker.handle(self, listener, connection, addr)
        finally:
            connection.close()
            del self.open[connection]
            self.changed.set()
            self._note_slowness(connection, addr)

    def timeout_ctx(self) -> Any:
        """Gunicorn's own limit between two requests: the phases of the connection take its place."""
        return contextlib.nullcontext()

    def handle_request(self, listener_name: Any, req: Any, sock: PacedSocket, addr: Any) -> None:
        """Serve one request: its body whole first, then the application."""
        request_validation.check_head(req)
        request_validation.read_body(req, sock, self.limits.body_bytes)
        sock.begin(Phase.RESPONSE)
        if not req.path.startswith(self.urgent):
            self.turns.wait()
        began = monotonic()
        try:
            super().handle_request(listener_name, req, sock, addr)
        finally:
            self.turns.took(monotonic() - began)
        if not self.alive:
            raise StopIteration
        sock.begin(Phase.IDLE)
        # The next request may have been read already (RFC 9112 §9.3.2): a turn for everyone else first.
        sleep(0)

    def handle_error(self, req: Any, client: PacedSocket, addr: Any, exc: BaseException) -> None:
        """Answer what ended a request early: a refusal with its own status, anything else with 500."""
        correlation_id = request_validation.correlation_id_in(req)
        try:
            if isinstance(exc, request_validation.RequestRefused):
                raise exc
            if isinstance(exc, Exception):
                request_validation.check_syntax(exc)
        except request_validation.RequestRefused as refusal:
            method, path = getattr(req, "method", None), getattr(req, "path", None)
            recorded = self._record(refusal, addr, correlation_id=correlation_id, method=method, path=path)
            # RFC 9110 §15.6.4: a decision that could not be recorded is not given out.
            status = refusal.status if recorded else HTTPStatus.SERVICE_UNAVAILABLE
        else:
            # Without the query: whoever puts a token there shall not find it in a log.
            self.log.exception("Error handling %s %s", getattr(req, "method", ""), getattr(req, "path", ""))
            status = 500
        client.lingers = True
        with contextlib.suppress(OSError):
            client.sendall(request_validation.answer(status, correlation_id))

    def _make_room(self) -> None:
        """Before the pool is full, let go of who has waited longest, so that the next caller gets in.

        It is one of the address that has most connections waiting: whoever fills the pool from one address
        pushes out its own, not those of others that are idle between two calls.
        """
        if len(self.open) * 10 <= self.worker_connections * 9:
            return
        # Who was dismissed leaves a moment later: callers who come in a burst each dismiss another one.
        waiting = [each for each in self.open if each.phase is not Phase.RESPONSE and not each.dismissed]
        for address, _ in Counter(map(self.open.__getitem__, waiting)).most_common(1):
            min((each for each in waiting if self.open[each] == address), key=_waiting_since).dismiss()

    def _finish_requests(self) -> None:
        for connection in list(self.open):
            if connection.phase in BETWEEN_REQUESTS:
                connection.dismiss()
        end = monotonic() + self.cfg.graceful_timeout
        while self.open and monotonic() < end:
            self.notify()
            self.changed.wait(1)
            self.changed.clear()

    def _note_slowness(self, connection: PacedSocket, addr: Any) -> None:
        try:
            request_validation.check_pace(connection.expired)
        except request_validation.RequestRefused as refusal:
            self._record(refusal, addr)

    def _record(self, refusal: Refusal, addr: Any, **fields: Any) -> bool:
        """Record a refusal; whether that was possible."""
        status = int(refusal.status)
        try:
            self.reporter.refused(HTTP_REQUEST, refusal, peer=_address(addr), status=status, **fields)
        except NotRecorded:
            return False
        return True


def _waiting_since(connection: PacedSocket) -> float:
    return connection.since


class _Listener:
    """What gunicorn asks a listener for, its address: also of one that was closed during a handshake."""

    def __init__(self, listener: Any) -> None:
        self._name = listener.getsockname()

    def getsockname(self) -> Any:
        return self._name


def _address(addr: Any) -> str:
    """``ip:port`` of a peer."""
    return f"{addr[0]}:{addr[1]}"


def _connections_within_descriptors(wanted: int) -> int:
    """Raise the soft limit of open files as far as is wanted and allowed; the connections that fit in it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, max(soft - OTHER_DESCRIPTORS, soft // 2))
