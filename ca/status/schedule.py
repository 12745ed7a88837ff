"""When revocation lists are looked at: known to the worker before Django's applications are loaded."""

from typing import Any

PUBLISH_TASK = "ca.publish_lists"
PUBLISH_TASKS = ("ca.status.tasks",)


def publication_schedule(seconds: float) -> dict[str, dict[str, Any]]:
    """A beat schedule that looks every so often whether a list is due; a late look is dropped."""
    entry = {"task": PUBLISH_TASK, "schedule": float(seconds), "options": {"expires": float(seconds)}}
    return {PUBLISH_TASK: entry}
