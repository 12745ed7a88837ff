"""What clients' own certificates are now, asked for all clients at once: no client's server delays another's.

RFC 8705 §2.2.2, https://www.rfc-editor.org/rfc/rfc8705. Each client has at most one question under way, in
one of two lanes: a client that did not answer while the caller waited is asked next in the slow lane,
for which no caller waits, until it answers there in time. An answer that comes later is handed out at the
next look.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field

from authserver.clients.models import Client

# In each lane. A thread waits for one server, and a fetch ends by itself (``fetched_keys.FETCH_SECONDS``).
FETCHES_AT_ONCE = 64

# The ``x5t#S256`` of the certificates that a client has now. May raise anything.
Ask = Callable[[Client], frozenset[str]]


@dataclass(slots=True)
class Question:
    """What is asked about one client. bound: to what its tokens were bound when it was asked.

    is_slow: whether in the slow lane. seconds: how long the answer took, without the time in the queue.
    """

    client: Client
    bound: frozenset[str]
    is_slow: bool
    seconds: float = 0.0
    answer: "Future[frozenset[str]]" = field(default_factory=Future)

    def removed(self) -> frozenset[str]:
        """The thumbprints that the client no longer has. Raises what asking raised."""
        return self.bound - self.answer.result()


class CertificateFetches:
    """The questions of one process. Not safe among threads: the background task is its only caller.

    ask: runs in a thread. wait_seconds: for so long ``answered`` waits for clients that answered in time
    before. monotonic: seconds, as ``time.monotonic``.
    """

    def __init__(
        self, ask: Ask, wait_seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._wait_seconds = wait_seconds
        self._monotonic = monotonic
        self._prompt, self._slow = (ThreadPoolExecutor(FETCHES_AT_ONCE) for _ in range(2))
        self._under_way: dict[str, Question] = {}
        self._known_slow: set[str] = set()

    def begin(self, clients: Mapping[str, Client], bound: Mapping[str, Collection[str]]) -> None:
        """Ask about each client in ``bound``, unless a question about it is under way."""
        for client_id, thumbprints in bound.items():
            if client_id in self._under_way or client_id not in clients:
                continue
            question = Question(clients[client_id], frozenset(thumbprints), client_id in self._known_slow)
            lane = self._slow if question.is_slow else self._prompt
            question.answer = lane.submit(self._timed, question)
            self._under_way[client_id] = question

    def answered(self) -> Iterator[Question]:
        """The questions that are answered or failed, each once, as their answers come."""
        waiting = {each.answer: each for each in self._under_way.values()}
        prompt = [answer for answer, each in waiting.items() if each.client.client_id not in self._known_slow]
        with suppress(TimeoutError):
            for answer in as_completed(prompt, self._wait_seconds):
                yield self._finished(waiting.pop(answer))
        for answer, question in waiting.items():
            if answer.done():
                yield self._finished(question)
            else:
                self._known_slow.add(question.client.client_id)

    def _timed(self, question: Question) -> frozenset[str]:
        begun = self._monotonic()
        try:
            return self._ask(question.client)
        finally:
            question.seconds = self._monotonic() - begun

    def _finished(self, question: Question) -> Question:
        client_id = question.client.client_id
        del self._under_way[client_id]
        if question.is_slow and question.seconds <= self._wait_seconds:
            self._known_slow.discard(client_id)
        return question
