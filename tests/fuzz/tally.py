"""What came of the requests: counts, and every one that a server failed at."""

import threading
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus

from sender_constraint.core.correlation import CORRELATION_HEADER
from tests.fuzz.message import Answer, Message

SHOWN_OCTETS = 600


@dataclass(frozen=True)
class Failure:
    """A request that a server failed at. kind: how."""

    target: str
    kind: str
    message: Message
    answer: Answer

    def __str__(self) -> str:
        sent = ascii(self.message.octets[:SHOWN_OCTETS])
        more = len(self.message.octets) - SHOWN_OCTETS
        identifier = self.answer.headers.get(CORRELATION_HEADER, "none")
        said = ascii(self.answer.body[:200])
        rest = f" and {more} octets more" if more > 0 else ""
        return (
            f"{self.kind} at {self.target}\n  sent: {sent}{rest}\n  said: {said}\n"
            f"  correlation id: {identifier}"
        )


def failure_of(message: Message, answer: Answer) -> str | None:
    """How a server failed at a request; None where it did not.

    No word at all is an answer only to what is cut off, or may be no request.
    """
    if answer.too_slow:
        return "no answer in time"
    if answer.status is None:
        return "no answer" if message.whole else None
    if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    if answer.status == HTTPStatus.NOT_IMPLEMENTED and b"transfer-encoding" in message.octets.lower():
        # RFC 9112 §6.1: what HTTP itself says to a transfer coding that a server does not know.
        return None
    if answer.status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in answer.headers:
        return "503 with Retry-After (an outage, as documented)"
    return str(answer.status)


class Tally:
    """Counts by target and status, and the failures. Safe among threads."""

    def __init__(self) -> None:
        self.statuses: dict[str, Counter[str]] = {}
        self.failures: list[Failure] = []
        self._lock = threading.Lock()

    def record(self, target: str, message: Message, answer: Answer) -> None:
        kind = failure_of(message, answer)
        status = "no answer" if answer.status is None else str(answer.status)
        with self._lock:
            self.statuses.setdefault(target, Counter())[status] += 1
            if kind is not None:
                self.failures.append(Failure(target, kind, message, answer))

    @property
    def requests(self) -> int:
        return sum(counts.total() for counts in self.statuses.values())
