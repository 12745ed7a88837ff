"""Explains what the partner's own service refused."""

from sender_constraint.django.explain import ExplainCommand


class Command(ExplainCommand):
    """Explain a refusal of the partner's service, by its correlation id."""
