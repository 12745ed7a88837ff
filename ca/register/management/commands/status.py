"""Says how the certificate authority is."""

from sender_constraint.django.status_command import StatusCommand


class Command(StatusCommand):
    """Say what this authority does in the background, what expires, and which alarms stand."""
