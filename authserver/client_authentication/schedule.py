"""When clients' own certificates are looked at: known to the settings before applications are loaded."""

from operations.tasks.background import BackgroundTask

TASK = "removed-certificates"


def following_removals(promise_seconds: float) -> BackgroundTask:
    """The task that revokes tokens: it looks so often that an API has time left to hear of it as promised."""
    return BackgroundTask(
        TASK,
        "authserver.client_authentication.tasks",
        max(1.0, promise_seconds / 3),
        "revokes tokens whose certificates their clients have taken away",
    )
