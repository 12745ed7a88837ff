"""Says how the authorization server is."""

from operations.status.command import StatusCommand


class Command(StatusCommand):
    """Say what this server does in the background, what expires, and which alarms stand."""
