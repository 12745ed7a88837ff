"""``sender_constraint.django`` as an application: an API's settings are checked, and it has two commands."""

from django.apps import AppConfig
from django.core.checks import register


class SenderConstraintConfig(AppConfig):
    """Registers the checks of a protected resource, with the tag ``sender_constraint``."""

    name = "sender_constraint.django"
    label = "sender_constraint"
    verbose_name = "Bound access tokens"

    def ready(self) -> None:
        """Django calls this once, when all applications are loaded."""
        from sender_constraint.django.checks import check_api

        register(check_api, self.label)
