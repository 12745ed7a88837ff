"""Makes what the authorization server needs before it serves: tables, a signing key, the demo's clients."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from authserver.clients.models import Client, columns
from authserver.clients.policy import registration_policy
from authserver.clients.registration import read_metadata, register
from authserver.clients.seeds import BEARER_CLIENT, seed_clients
from authserver.keys.store import signing_key_store
from operations.settings import state_format
from sender_constraint.core.errors import InvalidClientMetadata


class Command(BaseCommand):
    """Prepare this server; whatever is there already stays as it is."""

    help = (
        "Migrates the database, makes a signing key, and under DEMO registers the demo's clients. Repeatable."
    )
    # What is only checked before serving may not be there yet.
    requires_system_checks = ("authserver",)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Prepare, and say what is there now."""
        state_format.record(settings.STATE_DIR)
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        key = signing_key_store().ensure()
        self.stdout.write(f"signing key {key.kid}")
        if settings.DEMO:
            self._seed()

    def _seed(self) -> None:
        policy = registration_policy()
        handed_in = sorted(settings.DEMO_REGISTRATIONS.glob("*.json")) if settings.DEMO_REGISTRATIONS else []
        seeds = seed_clients(settings.RESOURCES, unbound=policy.demo)
        for metadata in [*seeds, *(read_metadata(file.read_bytes()) for file in handed_in)]:
            try:
                client = register(metadata, policy)
            except InvalidClientMetadata as error:
                raise CommandError(
                    f"the demo's client {metadata.get('client_id')} cannot be registered: {error}. "
                    "Keep in RESOURCES and SCOPES what it needs, or set DEMO=false."
                ) from error
            Client.objects.update_or_create(client_id=client.client_id, defaults=columns(client))
            self.stdout.write(f"client {client.client_id}")
        if not policy.demo:
            # An earlier start, without the profile, registered it.
            Client.objects.filter(client_id=BEARER_CLIENT).delete()
