"""A background task that watches the replay store of a service, by ``REDIS_URL``."""

from operations.alarms.service import alarms
from operations.tasks.background import BackgroundTask, background_task
from operations.tasks.ledger import Run
from sender_constraint.core.replay import ReplayMemoryUnavailable
from sender_constraint.django.replay import evicting_policy
from sender_constraint.resource_server.replay_memory import NO_EVICTION

TASK = "replay-store"


def replay_store_watch(seconds: float) -> BackgroundTask:
    """The task that looks at the replay store, so often. If Redis has lost its content, an epoch begins."""
    return BackgroundTask(TASK, __name__, seconds, "looks whether Redis may evict what was recorded as used")


@background_task(TASK)
def watch_replay_store(run: Run) -> None:
    """Raise or clear the alarm ``replay-store``. A store that is down is ``service-replay-memory``."""
    try:
        policy = evicting_policy()
    except ReplayMemoryUnavailable as problem:
        run.found(f"the replay store: {problem}")
        return
    if policy is None:
        alarms().cleared(TASK)
        return
    run.found(f"the replay store: maxmemory-policy is {policy}")
    message = f"Redis evicts keys when it is full: maxmemory-policy is {policy}, and must be {NO_EVICTION}"
    alarms().raised(TASK, "warning", message, policy=policy)
