"""How long a connection may wait in each of its phases, and how much it may send."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from environ import ImproperlyConfigured

from operations.settings.environment import ServiceEnvironment


class Phase(StrEnum):
    """What a connection is waiting for. Each phase ends at its own limit, which later bytes do not extend."""

    ARRIVAL = "first byte"
    HANDSHAKE = "handshake"
    HEADER = "header"
    BODY = "body"
    RESPONSE = "response"
    IDLE = "next request"


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one server.

    seconds: for each phase, from its beginning; ``RESPONSE`` counts for each write.
    body_bytes: the longest request body that is read.
    connections: how many connections one worker holds at once.
    """

    seconds: Mapping[Phase, float]
    body_bytes: int
    connections: int


def limits_of(environment: ServiceEnvironment) -> Limits:
    """The limits as the settings give them, in whole seconds and bytes. Raises ImproperlyConfigured."""
    limits = Limits(
        seconds={
            Phase.ARRIVAL: environment.number("FIRST_BYTE_SECONDS", 10),
            Phase.HANDSHAKE: environment.number("HANDSHAKE_SECONDS", 10),
            Phase.HEADER: environment.number("HEADER_SECONDS", 10),
            Phase.BODY: environment.number("BODY_SECONDS", 10),
            Phase.RESPONSE: environment.number("RESPONSE_SECONDS", 20),
            Phase.IDLE: environment.number("KEEP_ALIVE_SECONDS", 75),
        },
        body_bytes=environment.number("MAX_BODY_BYTES", 64 * 1024),
        connections=environment.number("MAX_CONNECTIONS", 4096),
    )
    given: list[tuple[str, float]] = [
        *limits.seconds.items(),
        ("body", limits.body_bytes),
        ("connections of a worker", limits.connections),
    ]
    for what, limit in given:
        if limit < 1:
            raise ImproperlyConfigured(f"The limit for {what} is {limit}. Use 1 or more.")
    return limits
