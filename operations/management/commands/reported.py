"""``manage.py reported``."""

from sender_constraint.django.reported_command import ReportedCommand


class Command(ReportedCommand):
    """Report which clients still present no proof."""
