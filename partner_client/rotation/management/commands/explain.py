"""Explains what the partner's own service refused."""

from operations.audit.commands import ExplainCommand


class Command(ExplainCommand):
    """Explain a refusal of the partner's service, by its correlation id."""
