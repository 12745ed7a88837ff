"""The replay store of this process, by the setting ``REDIS_URL``, and a background task that watches it.

``none`` in its place: this API accepts no DPoP-bound tokens, since a proof could be used twice.
"""

from functools import cache

from django.conf import settings

from operations.alarms.service import alarms
from operations.tasks.background import BackgroundTask, background_task
from operations.tasks.ledger import Run
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.replay import ReplayMemory, ReplayMemoryUnavailable
from sender_constraint.core.rules import enforces, rule
from sender_constraint.resource_server.replay_memory import NO_EVICTION, RedisReplayMemory

TASK = "replay-store"

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
    """The replay memory, created on first use: never shared with a parent process."""
    return RedisReplayMemory(settings.REDIS_URL)


def replay_store_watch(seconds: float) -> BackgroundTask:
    """The task that checks the replay store this often. If Redis has lost its data, a new epoch starts."""
    return BackgroundTask(TASK, __name__, seconds, "checks that Redis does not evict records of used proofs")


@background_task(TASK)
def watch_replay_store(run: Run) -> None:
    """Raise or clear the alarm ``replay-store``. A store that is down is ``service-replay-memory``."""
    try:
        policy = RedisReplayMemory(settings.REDIS_URL).inspect()
    except ReplayMemoryUnavailable as problem:
        run.found(f"Replay store: {problem}")
        return
    if policy == NO_EVICTION:
        alarms().cleared(TASK)
        return
    run.found(f"Replay store: maxmemory-policy is {policy}")
    message = f"Redis evicts keys when it is full: change maxmemory-policy from {policy} to {NO_EVICTION}"
    alarms().raised(TASK, "warning", message, policy=policy)


def accepts_dpop() -> bool:
    """Whether this API accepts DPoP-bound tokens."""
    return bool(settings.REDIS_URL != NO_MEMORY)


@enforces(ACCEPTED)
def check_dpop_accepted() -> None:
    """RFC 9449 §11.1: without a memory of the proofs that were used, none may be accepted."""
    if not accepts_dpop():
        raise InvalidToken(ACCEPTED, "DPoP-bound access tokens are not accepted here", presented="DPoP")
