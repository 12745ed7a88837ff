"""Revokes the tokens of a client that have not ended: the operator's word, whatever the client says."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from authserver.client_authentication import http
from authserver.issued_tokens.register import revoke_all
from operations.audit.trail import trail

EVENT = "operator.revoke_tokens"


class Command(BaseCommand):
    """Revoke tokens; APIs refuse them within ``REVOCATION_SECONDS``. The client may get new ones."""

    help = (
        "Revokes the tokens of a client that have not ended: all of them, or those that are bound to one "
        "certificate or key. What the client may do from now on is not changed by it."
    )
    requires_system_checks = ("authserver",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The client, and to what the tokens are bound."""
        parser.add_argument("client_id", metavar="CLIENT_ID")
        parser.add_argument(
            "--bound-to",
            metavar="THUMBPRINT",
            help="only those with this x5t#S256 or jkt in cnf: base64url, unpadded, SHA-256",
        )

    def handle(self, *args: Any, client_id: str, bound_to: str | None, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Revoke, record, and say how many there were."""
        revoked = revoke_all(client_id, http.clock(), bound_to)
        trail().record(
            EVENT, "accepted", client_id=client_id, detail={"revoked": revoked, "bound_to": bound_to}
        )
        self.stdout.write(f"revoked {revoked} tokens of {client_id}")
