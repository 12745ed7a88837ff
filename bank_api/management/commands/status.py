"""Says how the bank's API is."""

from operations.status.command import StatusCommand


class Command(StatusCommand):
    """Say what this API does in the background, what expires, and which alarms stand."""
