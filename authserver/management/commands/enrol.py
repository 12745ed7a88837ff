"""Gets the certificate with which the authorization server serves."""

from sender_constraint.django.renewal import EnrolCommand


class Command(EnrolCommand):
    """Ensure that this server holds a valid certificate."""
