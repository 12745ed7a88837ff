"""When ended tokens are forgotten: known to the settings before Django's applications are loaded."""

from operations.tasks.background import BackgroundTask

TASK = "issued-tokens"


def forgetting(every_seconds: float) -> BackgroundTask:
    """The task that deletes the records of tokens that have ended, and of expired one-time uses."""
    return BackgroundTask(
        TASK,
        "authserver.issued_tokens.tasks",
        every_seconds,
        "forgets issued tokens that have ended, and one-time uses of what has expired",
    )
