"""The replay memory of this process, by the setting ``REDIS_URL``."""

from functools import cache

from django.conf import settings

from sender_constraint.replay import ReplayMemory
from sender_constraint.server.replay_memory import RedisReplayMemory


@cache
def replay_memory() -> ReplayMemory:
    """Made when first needed: never shared with the process that it forked from."""
    return RedisReplayMemory(settings.REDIS_URL)
