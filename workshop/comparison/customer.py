"""A client that makes the business call, in a process of its own: its processor time is nobody else's.

It is as lean as a client can be that verifies its servers and keeps its connections: what it takes is what
the method takes, and little besides.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlsplit

from workshop.calls import Call
from workshop.environment.deployment import Deployment
from workshop.methods import METHODS, Holder, answered
from workshop.open_connection import OpenConnection
from workshop.wire import Exchange

# A connection: the server's port, and the caller's.
Line = tuple[int, int]
ANSWER_SECONDS = 180.0
# A server that has much to do asks to be called again in a second.
REPEAT_SECONDS, MOST_REPEATS = 1.0, 30


class CustomerFailed(Exception):
    """The process that calls has failed, or an answer was not the one that the method gets."""


@dataclass(frozen=True)
class Step:
    """One thing that was done. lines: the connections that are open. repeats: as in Batch."""

    lines: frozenset[Line]
    repeats: int


@dataclass(frozen=True)
class Batch:
    """Calls in a row. seconds: of each. processor_seconds: of this process, for all of them.

    lines: all connections that were used. repeats: requests that were sent again, since the server could not
    answer them at that moment; what is measured then is not the call alone.
    """

    seconds: tuple[float, ...]
    processor_seconds: float
    lines: frozenset[Line]
    repeats: int


class Customer:
    """Makes business calls by one method at a time."""

    def __init__(self, deployment: Deployment, metadata: dict[str, Any]) -> None:
        self._deployment = deployment
        self._metadata = metadata
        self._holder: Holder
        self._connections: dict[str, OpenConnection] = {}
        self._token = self._account = ""
        self._repeats = 0

    def use(self, name: str) -> None:
        """From now on call by this method."""
        (method,) = (each for each in METHODS if each.name == name)
        self._holder = Holder(method, self._deployment, self._metadata)

    def token(self) -> Step:
        """Get a token."""
        exchange = self._answered(self._deployment.issuer, self._holder.token_call, 200)
        self._token = exchange.json()["access_token"]
        return self._step()

    def accounts(self) -> Step:
        """Read the accounts."""
        api = self._deployment.api_url
        exchange = self._answered(api, lambda: self._holder.accounts_call(self._token), 200)
        self._account = exchange.json()["accounts"][0]["id"]
        return self._step()

    def payment(self) -> Step:
        """Pay a cent; a token that is bound to nothing pays nothing here, and is refused."""
        api, status = self._deployment.api_url, 401 if self._holder.method.bound_to == "nothing" else 201
        self._answered(api, lambda: self._holder.payment_call(self._token, self._account), status)
        return self._step()

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def cold(self, calls: int) -> Batch:
        """So many business calls, each on new connections and with a new token."""

        def call() -> Sequence[Step]:
            self.close()
            return self.token(), self.accounts(), self.payment()

        return self._batch(calls, call)

    def read(self, calls: int) -> Batch:
        """Read the accounts so often, on an open connection and with one token."""
        return self._batch(calls, lambda: [self.accounts()])

    def pay(self, calls: int) -> Batch:
        """Pay so often, likewise."""
        return self._batch(calls, lambda: [self.payment()])

    def _batch(self, calls: int, call: Callable[[], Sequence[Step]]) -> Batch:
        seconds, lines, used, repeats = [], self._lines(), time.process_time(), 0
        for _ in range(calls):
            begun = time.perf_counter()
            for step in call():
                repeats += step.repeats
            seconds.append(time.perf_counter() - begun)
            lines |= self._lines()
        return Batch(tuple(seconds), time.process_time() - used, lines, repeats)

    def _answered(self, origin: str, call: Callable[[], Call], status: int) -> Exchange:
        """The answer that the method gets. Who is told to come again later does. Raises CustomerFailed."""
        exchange = answered(call, lambda made: self._send(origin, made))
        for _ in range(MOST_REPEATS):
            if exchange.status != HTTPStatus.SERVICE_UNAVAILABLE:
                break
            self._repeats += 1
            time.sleep(REPEAT_SECONDS)
            exchange = answered(call, lambda made: self._send(origin, made))
        if exchange.status != status:
            outcome = f"{exchange.status or exchange.alert} {exchange.body.decode(errors='replace')}"
            raise CustomerFailed(f"{exchange.method} {exchange.url}: {outcome}, and {status} was expected")
        return exchange

    def _send(self, origin: str, call: Call) -> Exchange:
        if origin not in self._connections:
            self._connections[origin] = OpenConnection(
                self._deployment.trust_bundle, origin, call.credentials
            )
        return self._connections[origin].send(call)

    def _step(self) -> Step:
        repeats, self._repeats = self._repeats, 0
        return Step(self._lines(), repeats)

    def _lines(self) -> frozenset[Line]:
        return frozenset(
            (urlsplit(origin).port or 443, connection.local_port)
            for origin, connection in self._connections.items()
        )


class DistantCustomer:
    """The same in a process of its own. A context manager; a method's name and arguments are passed on."""

    def __init__(self, deployment: Deployment, metadata: dict[str, Any]) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, deployment, metadata), daemon=True)
        self._theirs = theirs

    def __enter__(self) -> "DistantCustomer":
        self._process.start()
        self._theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._ours.close()
        self._process.join(ANSWER_SECONDS)

    def ask(self, name: str, *arguments: Any) -> Any:
        """What this method of a Customer returns. Raises CustomerFailed."""
        try:
            self._ours.send((name, arguments))
            if not self._ours.poll(ANSWER_SECONDS):
                raise CustomerFailed(f"{name}: no answer within {ANSWER_SECONDS:.0f} s")
            answer = self._ours.recv()
        except (EOFError, OSError) as error:
            raise CustomerFailed(f"the calling process ended: {error!r}") from error
        if isinstance(answer, CustomerFailed):
            raise answer
        return answer


def _serve(pipe: Connection, deployment: Deployment, metadata: dict[str, Any]) -> None:
    # Ctrl-C is for the one who asks; this process ends with its pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    customer = Customer(deployment, metadata)
    while True:
        try:
            name, arguments = pipe.recv()
        except EOFError:
            customer.close()
            return
        try:
            answer = getattr(customer, name)(*arguments)
        except (CustomerFailed, OSError, LookupError, ValueError) as error:
            answer = error if isinstance(error, CustomerFailed) else CustomerFailed(repr(error))
        pipe.send(answer)
