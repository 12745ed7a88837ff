"""How long a connection may wait in each of its phases, and how much it may send."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# In the environment of a worker that was started in place of another: what was there when the service started
# may be down now, and must not keep the worker from serving.
REPLACEMENT = "SENDER_CONSTRAINT_REPLACEMENT_WORKER"


class Phase(StrEnum):
    """What a connection is waiting for. Each phase ends at its own limit, which later bytes do not extend."""

    ARRIVAL = "first byte"
    HANDSHAKE = "handshake"
    HEADER = "header"
    BODY = "body"
    RESPONSE = "response"
    IDLE = "next request"


SECONDS: Mapping[Phase, float] = {
    Phase.ARRIVAL: 10,
    Phase.HANDSHAKE: 10,
    Phase.HEADER: 10,
    Phase.BODY: 10,
    Phase.RESPONSE: 20,
    Phase.IDLE: 75,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one server.

    seconds: for each phase, from its beginning; ``RESPONSE`` is for each write.
    body_bytes: the longest request body that is read.
    connections: how many connections one worker holds at once.
    """

    seconds: Mapping[Phase, float] = field(default_factory=lambda: SECONDS)
    body_bytes: int = 64 * 1024
    connections: int = 4096
