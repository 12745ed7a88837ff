"""``manage.py explain``."""

from operations.audit.commands import ExplainCommand


class Command(ExplainCommand):
    """Explain a refusal of this service, by its correlation ID."""
