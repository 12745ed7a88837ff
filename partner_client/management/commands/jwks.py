"""Shows the public keys of this client's assertions."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from partner_client.rotation.keys import key_set
from sender_constraint.client.errors import NoClientKey


class Command(BaseCommand):
    """Print the JWK Set to register at the bank."""

    help = "Print the JWK Set of the keys with which this client signs assertions, to register at the bank."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Print it."""
        try:
            self.stdout.write(json.dumps(key_set(), indent=1))
        except NoClientKey as missing:
            raise CommandError(str(missing)) from missing
