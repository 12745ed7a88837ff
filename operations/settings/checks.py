"""Numbered checks of settings that several services share. Each service registers the ones that it needs."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from sender_constraint.core.replay import ReplayMemoryUnavailable
from sender_constraint.django.checks import eviction_errors
from sender_constraint.django.conf import library_settings
from sender_constraint.django.replay import NO_MEMORY, evicting_policy

# The tag of checks that depend on other commands or services, and run only before serving.
SERVING = "serving"


def check_renewal(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """A certificate that no task looks at expires."""
    if settings.RENEWAL_CHECK_SECONDS > 0:
        return []
    hint = "Set it to about a thirtieth of the certificate's lifetime."
    return [Error("RENEWAL_CHECK_SECONDS must be positive.", hint=hint, id="sender_constraint.E002")]


def check_replay_store(**kwargs: Any) -> Sequence[CheckMessage]:  # noqa: ARG001 - Django's signature
    """RFC 9449 §11.1: a Redis that evicts forgets uses. One that is down has an alarm of its own."""
    if library_settings().redis_url in ("", NO_MEMORY):
        return []
    try:
        return eviction_errors(evicting_policy())
    except ReplayMemoryUnavailable:
        return []
