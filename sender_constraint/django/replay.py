"""The replay memory of this process, by the setting ``REDIS_URL``.

``none`` in its place: this API accepts no DPoP-bound tokens, since a proof could be used twice.
"""

from functools import cache

from django.conf import settings

from sender_constraint.errors import InvalidToken
from sender_constraint.replay import ReplayMemory
from sender_constraint.rules import enforces, rule
from sender_constraint.server.replay_memory import RedisReplayMemory

NO_MEMORY = "none"

ACCEPTED = rule(
    "dpop.accepted", "RFC 9449 §11.1", "The token is DPoP-bound, and this API keeps no replay memory."
)


@cache
def replay_memory() -> ReplayMemory:
    """Made when first needed: never shared with the process that it forked from."""
    return RedisReplayMemory(settings.REDIS_URL)


def accepts_dpop() -> bool:
    """Whether this API accepts DPoP-bound tokens."""
    return bool(settings.REDIS_URL != NO_MEMORY)


@enforces(ACCEPTED)
def check_dpop_accepted() -> None:
    """RFC 9449 §11.1: without a memory of the proofs that were used, none may be accepted."""
    if not accepts_dpop():
        raise InvalidToken(ACCEPTED, "DPoP-bound access tokens are not accepted here", presented="DPoP")
