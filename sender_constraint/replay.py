"""What may be shown once only: the memory of what was shown.

RFC 9449 §11.1 (https://www.rfc-editor.org/rfc/rfc9449), RFC 7523 §3 for assertions
(https://www.rfc-editor.org/rfc/rfc7523). A memory is shared by all processes of a service. While it is away
nothing that needs it is accepted: neither good nor bad can be said of it.
"""

import hashlib
from typing import Protocol

from sender_constraint.errors import TemporarilyUnavailable
from sender_constraint.rules import enforces, rule

MEMORY_AWAY = rule(
    "service.replay-memory", "RFC 9449 §11.1", "Whether it was shown before cannot be found out now."
)


class ReplayMemoryUnavailable(Exception):
    """The memory could not be asked; the text says why."""


class ReplayMemory(Protocol):
    """Remembers keys: ``server.replay_memory.RedisReplayMemory``."""

    def first_time(self, key: str, seconds: float, made_at: float | None = None) -> bool:
        """Whether nobody has shown this key within the seconds that it is remembered; from now on it is.

        Of all who show it at the same time one is told True. made_at: when it was made, in seconds since
        1970, where that is known: of what is older than the memory itself nothing can be said.
        Raises ReplayMemoryUnavailable.
        """


def replay_key(kind: str, *parts: str) -> str:
    """A key of bounded length for what was shown: parts of different lengths never run into one another.

    kind: what is remembered, ``dpop`` or ``assertion``.
    """
    digest = hashlib.sha256()
    for part in parts:
        octets = part.encode(errors="surrogatepass")
        digest.update(len(octets).to_bytes(8, "big") + octets)
    return f"{kind}:{digest.hexdigest()}"


@enforces(MEMORY_AWAY)
def is_first_time(memory: ReplayMemory, key: str, seconds: float, made_at: float | None = None) -> bool:
    """``ReplayMemory.first_time``. Raises TemporarilyUnavailable: 503, and never accepted."""
    try:
        return memory.first_time(key, seconds, made_at)
    except ReplayMemoryUnavailable as problem:
        raise TemporarilyUnavailable(
            MEMORY_AWAY, "The service is not available now", reason=str(problem)[:200]
        ) from problem
