"""Explains what the certificate authority refused."""

from operations.audit.commands import ExplainCommand


class Command(ExplainCommand):
    """Explain a refusal of the certificate authority, by its correlation id."""
