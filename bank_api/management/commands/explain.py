"""Explains what the API refused."""

from operations.audit.commands import ExplainCommand


class Command(ExplainCommand):
    """Explain a refusal of the API, by its correlation id."""
