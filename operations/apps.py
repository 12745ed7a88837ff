"""``operations`` as a Django application: what every service runs with."""

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class OperationsConfig(AppConfig):
    """The commands ``enrol``, ``explain``, ``reported`` and ``status``, and the service's numbered checks.

    In ``INSTALLED_APPS`` after the service, whose own command of the same name takes precedence.
    """

    name = "operations"

    def ready(self) -> None:
        """Register the checks in the module ``checks`` of the service that the setting ``SERVICE`` names."""
        import_module(f"{settings.SERVICE}.checks").register_checks()
