"""What may be used once only, and what a replay store can say about it.

RFC 9449 §11.1 (https://www.rfc-editor.org/rfc/rfc9449). A store is shared by all processes of a service. It
says which of its epochs it is in: a period in which it has lost nothing. Of what may have been used before
the epoch began it knows nothing, and says so. While it cannot be asked, what needs it is not accepted.
"""

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from sender_constraint.core.errors import TemporarilyUnavailable
from sender_constraint.core.guidance import RETRY_LATER
from sender_constraint.core.rules import enforces, rule

MEMORY_AWAY = rule(
    "service.replay-memory", "RFC 9449 §11.1", "The replay store cannot rule out an earlier use."
).explained("a reliable replay store", "{reason}", RETRY_LATER)


class ReplayMemoryUnavailable(Exception):
    """The store could not be asked, or cannot be relied on; the text says why."""


class Use(Enum):
    """What a store answers. UNKNOWN: there may have been a use before the store's epoch."""

    FIRST = "first"
    REPEATED = "repeated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OneTimeUse:
    """Something that is about to be used, and may not have been before.

    usable_from, usable_until: the first and the last moment at which it can be accepted, in seconds since
    1970. epoch: of the store, in which it was provably made; empty if nothing proves that.
    """

    key: str
    usable_from: float
    usable_until: float
    epoch: bytes = b""


class ReplayMemory(Protocol):
    """Records uses: ``server.replay_memory.RedisReplayMemory``."""

    @property
    def epoch(self) -> bytes:
        """The epoch that the store named last, to put into nonces; empty before the first answer.

        Nothing is decided by it: whether it is still the current one, only the store knows.
        """

    def record(self, use: OneTimeUse) -> Use:
        """Record the use, unless it is UNKNOWN. Of several at the same time one is FIRST.

        Raises ReplayMemoryUnavailable.
        """


def replay_key(kind: str, *parts: str) -> str:
    """A key of bounded length for what is used; parts of different lengths never run into one another.

    kind: what it is, ``dpop`` or ``assertion``.
    """
    digest = hashlib.sha256()
    for part in parts:
        octets = part.encode(errors="surrogatepass")
        digest.update(len(octets).to_bytes(8, "big") + octets)
    return f"{kind}:{digest.hexdigest()}"


@enforces(MEMORY_AWAY)
def record_use(memory: ReplayMemory, use: OneTimeUse) -> Use:
    """``ReplayMemory.record``. Raises TemporarilyUnavailable: 503, and never accepted."""
    try:
        return memory.record(use)
    except ReplayMemoryUnavailable as problem:
        raise TemporarilyUnavailable(
            MEMORY_AWAY,
            "Temporarily unavailable: the replay store cannot be reached",
            reason=str(problem)[:200],
        ) from problem
