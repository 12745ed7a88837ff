"""When signing keys are looked at: known to the settings before Django's applications are loaded."""

from operations.tasks.background import BackgroundTask

TASK = "signing-keys"

LONGEST_CHECK_SECONDS = 60


def key_turning(lifetime_seconds: int) -> BackgroundTask:
    """The task that turns keys of this lifetime: it looks thirty times in it, and at least each minute."""
    every = max(1, min(lifetime_seconds // 30, LONGEST_CHECK_SECONDS))
    return BackgroundTask(TASK, "authserver.keys.tasks", every, "rotates the keys that sign tokens")
