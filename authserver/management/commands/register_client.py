"""Registers a client from its metadata."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from authserver.client_authentication import http
from authserver.clients import changes
from authserver.clients.models import Client, columns
from authserver.clients.policy import registration_policy
from authserver.clients.registered_client import RegisteredClient
from authserver.clients.registration import client_information, read_metadata, register
from operations.audit.trail import trail
from sender_constraint.core.errors import InvalidClientMetadata

EVENT = "operator.register_client"


class Command(BaseCommand):
    """Register the client whose RFC 7591 metadata is in FILE; print its client information as JSON."""

    help = (
        "Registers a client from its RFC 7591 metadata as JSON, and prints the client information. "
        "Beside the registered names: resources, default_resource, access_token_lifetime_seconds, "
        "and client_id where the operator chooses it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The one argument."""
        parser.add_argument("file", metavar="FILE", help="the metadata; - reads standard input")
        parser.add_argument(
            "--replace",
            action="store_true",
            help="change the client of this client_id; tokens bound to certificates that it has no more end",
        )

    def handle(self, *args: Any, file: str, replace: bool, **options: Any) -> None:  # noqa: ARG002  # Django's
        """Register, and print; CommandError says by name what is wrong."""
        try:
            client = register(read_metadata(_read(file)), registration_policy())
            row = self._replaced(client) if replace else self._created(client)
        except InvalidClientMetadata as refusal:
            trail().refused(EVENT, refusal)
            raise CommandError(
                f"{refusal.code}: {refusal.description} [{refusal.rule.identifier}]"
            ) from refusal
        except IntegrityError as error:
            raise CommandError(f"invalid_client_metadata: client_id {client.client_id} is taken") from error
        information = client_information(client, row.client_id_issued_at)
        recorded = {name: value for name, value in information.items() if name != "jwks"}
        trail().record(EVENT, "accepted", client_id=client.client_id, detail=recorded)
        self.stdout.write(json.dumps(information, indent=2))

    def _created(self, client: RegisteredClient) -> Client:
        return Client.objects.create(client_id=client.client_id, **columns(client))

    def _replaced(self, client: RegisteredClient) -> Client:
        row = Client.objects.filter(client_id=client.client_id).first()
        if row is None:
            raise CommandError(f"no client {client.client_id} is registered")
        changes.replace(row, client, http.clock())
        return row


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read the metadata: {error}") from error
