"""Says how the partner's service is."""

from operations.status.command import StatusCommand


class Command(StatusCommand):
    """Say what this service does in the background, what expires, and which alarms stand."""
