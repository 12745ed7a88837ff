"""When revocation lists are looked at: known to the settings before Django's applications are loaded."""

from sender_constraint.django.background import BackgroundTask

TASK = "revocation-lists"


def list_publication(seconds: float) -> BackgroundTask:
    """The task that looks every so often whether a list is due."""
    return BackgroundTask(TASK, "ca.status.tasks", seconds, "publishes the revocation lists that are due")
