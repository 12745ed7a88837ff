"""Gets the certificate with which the partner calls."""

from operations.certificates.enrol_command import EnrolCommand


class Command(EnrolCommand):
    """Ensure that the partner holds a valid certificate."""
