"""Says how the partner's service is."""

from sender_constraint.django.status_command import StatusCommand


class Command(StatusCommand):
    """Say what this service does in the background, what expires, and which alarms stand."""
