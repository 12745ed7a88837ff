"""Says how the certificate authority is."""

from operations.status.command import StatusCommand


class Command(StatusCommand):
    """Say what this authority does in the background, what expires, and which alarms stand."""
