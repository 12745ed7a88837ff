"""The replay store of this process, by ``REDIS_URL`` in the setting ``SENDER_CONSTRAINT``.

``none`` in its place: this API accepts no DPoP-bound tokens, since a proof could be used twice.
"""

from functools import cache

from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.replay import ReplayMemory
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django.conf import library_settings
from sender_constraint.resource_server.replay_memory import NO_EVICTION, RedisReplayMemory

NO_MEMORY = "none"

ACCEPTED = rule(
    "dpop.accepted", "RFC 9449 §11.1", "This API has no replay store, and so accepts no DPoP tokens."
).explained(
    "a certificate-bound token, since REDIS_URL of this API is none",
    "a DPoP-bound token",
    "Request a certificate-bound token, or have the API's operator set REDIS_URL to a Redis server.",
)


@cache
def replay_memory() -> ReplayMemory:
    """Made when first needed: never shared with the process that it forked from."""
    return RedisReplayMemory(library_settings().redis_url)


def evicting_policy() -> str | None:
    """The policy by which the replay store evicts keys; None if it evicts none, as RFC 9449 §11.1 needs it.

    Raises ReplayMemoryUnavailable, and ValueError for a URL that is not one of a Redis server.
    """
    policy = RedisReplayMemory(library_settings().redis_url).inspect()
    return None if policy == NO_EVICTION else policy


def accepts_dpop() -> bool:
    """Whether this API accepts DPoP-bound tokens."""
    return library_settings().redis_url != NO_MEMORY


@enforces(ACCEPTED)
def check_dpop_accepted() -> None:
    """RFC 9449 §11.1: without a memory of the proofs that were used, none may be accepted."""
    if not accepts_dpop():
        raise InvalidToken(ACCEPTED, "DPoP-bound access tokens are not accepted here", presented="DPoP")
