"""``sender_constraint.django`` as an application of an API that is not ours: its settings are checked."""

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import register


class SenderConstraintConfig(AppConfig):
    """Registers the checks of a protected resource, under the name of the service as their tag."""

    name = "sender_constraint.django"
    label = "sender_constraint"
    verbose_name = "Bound access tokens"

    def ready(self) -> None:
        """Django calls this once, when all applications are loaded."""
        from sender_constraint.django.checks import PROTECTED_RESOURCE

        for check in PROTECTED_RESOURCE:
            register(check, settings.SERVICE)
