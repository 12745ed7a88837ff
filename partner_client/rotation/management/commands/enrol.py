"""Gets the certificate with which the partner calls."""

from sender_constraint.django.enrol_command import EnrolCommand


class Command(EnrolCommand):
    """Ensure that the partner holds a valid certificate."""
