"""The Django application of the register."""

from django.apps import AppConfig


class RegisterConfig(AppConfig):
    """Tables and commands of the register; loads the numbered checks of this service."""

    name = "ca.register"
    label = "register"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks."""
        from ca import checks  # noqa: F401 - importing it registers them
