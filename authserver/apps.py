"""The authorization server as an application: its commands and its checks."""

from django.apps import AppConfig


class AuthserverConfig(AppConfig):
    """Registers the checks."""

    name = "authserver"

    def ready(self) -> None:
        """Django calls this once, when all applications are loaded."""
        from authserver import checks

        checks.register_checks()
