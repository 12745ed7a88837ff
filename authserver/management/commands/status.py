"""Says how the authorization server is."""

from sender_constraint.django.status_command import StatusCommand


class Command(StatusCommand):
    """Say what this server does in the background, what expires, and which alarms stand."""
