"""``manage.py enrol``."""

from operations.certificates.enrol_command import EnrolCommand


class Command(EnrolCommand):
    """Ensure that the API holds a valid certificate to serve with."""
