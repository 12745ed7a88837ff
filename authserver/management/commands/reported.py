"""``manage.py reported``."""

from operations.audit.commands import ReportedCommand


class Command(ReportedCommand):
    """Say who still comes without proof."""
