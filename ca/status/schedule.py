"""How often revocation lists and lineages are looked at; the settings read it before applications load."""

from operations.tasks.background import BackgroundTask

TASK = "revocation-lists"
LINEAGES = "lineage-forks"


def list_publication(seconds: float) -> BackgroundTask:
    """The task that looks every so often whether a list is due."""
    return BackgroundTask(TASK, "ca.status.tasks", seconds, "publishes the revocation lists that are due")


def lineage_watch(seconds: float) -> BackgroundTask:
    """The task that keeps the alarm about forked lineages."""
    return BackgroundTask(
        LINEAGES, "ca.status.tasks", seconds, "reports lineages that await the operator's decision"
    )
