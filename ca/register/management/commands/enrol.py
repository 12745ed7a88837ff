"""``manage.py enrol``: the authority's own certificate."""

from sender_constraint.django.enrol_command import EnrolCommand


class Command(EnrolCommand):
    """Ensures that the authority holds a valid certificate of its own."""

    help = "Ensure that the authority serves with a valid certificate: it issues and renews it by itself."
