"""Explains what the certificate authority refused."""

from sender_constraint.django.explain import ExplainCommand


class Command(ExplainCommand):
    """Explain a refusal of the certificate authority, by its correlation id."""
