"""``manage.py prepare``."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from bank_api.accounts.seed import seed_demo
from operations.settings import state_format


class Command(BaseCommand):
    """Bring the database up to date and, under DEMO, open the accounts of the demo."""

    help = "Bring the database up to date and, under DEMO, open the accounts of the demo. Safe to repeat."

    # What is only checked before serving may not be there yet.
    requires_system_checks = ("bank_api",)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Do both; what exists stays as it is."""
        state_format.record(settings.STATE_DIR)
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        if settings.DEMO:
            seed_demo()
            self.stdout.write("the accounts of the demo are open to its clients")
