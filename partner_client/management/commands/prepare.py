"""Makes what the partner's service needs before it starts."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from operations.certificates.client_keys import declared_key_stores
from operations.settings import state_format
from sender_constraint.core.clock import utc_now


class Command(BaseCommand):
    """Make the folders of this service, for its user alone, and the keys with which it signs."""

    help = "Make the folders for certificates and secrets, and the keys to sign with. Can be repeated."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Make what is missing; leave what is there."""
        state_format.record(settings.STATE_DIR)
        for declared in settings.CERTIFICATE_STORES.values():
            declared.path.mkdir(parents=True, exist_ok=True)
            declared.secret_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for store in declared_key_stores().values():
            store.turn(utc_now())
        if settings.CERTIFICATE_STORES:
            self.stdout.write("ready; the next step is `enrol`")
        else:
            self.stdout.write("ready; no certificate is needed; the next step is `jwks`")
