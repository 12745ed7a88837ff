"""``manage.py explain`` of an API with this library: why one of its callers was refused."""

from sender_constraint.django.explain import ExplainCommand


class Command(ExplainCommand):
    """Explain a refusal of this API, by its correlation id, from its own audit trail."""
