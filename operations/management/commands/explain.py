"""``manage.py explain``."""

from sender_constraint.django.explain import ExplainCommand


class Command(ExplainCommand):
    """Explain a refusal of this service, by its correlation id."""
