"""Gets the certificate with which the authorization server serves."""

from operations.certificates.enrol_command import EnrolCommand


class Command(EnrolCommand):
    """Ensure that this server holds a valid certificate."""
