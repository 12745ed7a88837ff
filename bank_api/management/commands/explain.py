"""Explains what the API refused."""

from sender_constraint.django.explain import ExplainCommand


class Command(ExplainCommand):
    """Explain a refusal of the API, by its correlation id."""
