"""The replay store of this process, by the setting ``REDIS_URL``, and a background task that watches it."""

from functools import cache

from django.conf import settings

from sender_constraint.django.alarms import alarms
from sender_constraint.django.background import BackgroundTask, background_task
from sender_constraint.replay import ReplayMemory, ReplayMemoryUnavailable
from sender_constraint.server.ledger import Run
from sender_constraint.server.replay_memory import NO_EVICTION, RedisReplayMemory

TASK = "replay-store"


@cache
def replay_memory() -> ReplayMemory:
    """Made when first needed: never shared with the process that it forked from."""
    return RedisReplayMemory(settings.REDIS_URL)


def replay_store_watch(seconds: float) -> BackgroundTask:
    """The task that looks at the replay store, so often. If Redis has lost its content, an epoch begins."""
    return BackgroundTask(TASK, __name__, seconds, "looks whether Redis may evict what was recorded as used")


@background_task(TASK)
def watch_replay_store(run: Run) -> None:
    """Raise or clear the alarm ``replay-store``. A store that is down is ``service-replay-memory``."""
    try:
        policy = RedisReplayMemory(settings.REDIS_URL).inspect()
    except ReplayMemoryUnavailable as problem:
        run.found(f"the replay store: {problem}")
        return
    if policy == NO_EVICTION:
        alarms().cleared(TASK)
        return
    run.found(f"the replay store: maxmemory-policy is {policy}")
    message = f"Redis evicts keys when it is full: maxmemory-policy is {policy}, and must be {NO_EVICTION}"
    alarms().raised(TASK, "warning", message, policy=policy)
