"""Gets the certificate with which the authorization server serves."""

from sender_constraint.django.enrol_command import EnrolCommand


class Command(EnrolCommand):
    """Ensure that this server holds a valid certificate."""
