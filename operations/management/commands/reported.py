"""``manage.py reported``."""

from operations.audit.commands import ReportedCommand


class Command(ReportedCommand):
    """Report which clients still present no proof."""
