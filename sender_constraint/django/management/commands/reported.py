"""``manage.py reported``."""

from sender_constraint.django.reported_command import ReportedCommand


class Command(ReportedCommand):
    """Say who still comes without proof."""
