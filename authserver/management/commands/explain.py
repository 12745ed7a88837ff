"""Explains what the authorization server refused."""

from sender_constraint.django.explain import ExplainCommand


class Command(ExplainCommand):
    """Explain a refusal of the authorization server, by its correlation id."""
