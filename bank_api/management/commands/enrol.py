"""``manage.py enrol``."""

from sender_constraint.django.enrol_command import EnrolCommand


class Command(EnrolCommand):
    """Ensure that the API holds a valid certificate to serve with."""
