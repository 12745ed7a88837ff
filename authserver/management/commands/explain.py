"""Explains what the authorization server refused."""

from operations.audit.commands import ExplainCommand


class Command(ExplainCommand):
    """Explain a refusal of the authorization server, by its correlation id."""
