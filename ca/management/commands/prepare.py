"""``manage.py prepare``: everything that the authority needs before it serves."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from ca.directory.configuration import statement_key
from operations.settings import state_format


class Command(BaseCommand):
    """Prepares the authority; safe to repeat."""

    help = (
        "Prepare the authority, safely again and again: database, keys and trust bundle, own certificates, "
        "revocation lists."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """In the order in which each needs the one before."""
        state_format.record(settings.STATE_DIR)
        call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)
        call_command("init", stdout=self.stdout)
        call_command("enrol", stdout=self.stdout, stderr=self.stderr)
        call_command("publish_lists", stdout=self.stdout, stderr=self.stderr)
        statement_key().ensure()
