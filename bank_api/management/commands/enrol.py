"""``manage.py enrol``."""

from sender_constraint.django.renewal import EnrolCommand


class Command(EnrolCommand):
    """Ensure that the API holds a valid certificate to serve with."""
