"""Says how the bank's API is."""

from sender_constraint.django.status_command import StatusCommand


class Command(StatusCommand):
    """Say what this API does in the background, what expires, and which alarms stand."""
