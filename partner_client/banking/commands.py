"""What the commands of this application have in common."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from partner_client.banking.client import BankingClient
from partner_client.banking.connection import connected
from partner_client.banking.errors import BankError
from sender_constraint.certificates.errors import CertificatesError
from sender_constraint.client.errors import CallFailed


class BankCommand(BaseCommand):
    """A command that talks to the bank; what goes wrong is one line, with the id to ask the bank about."""

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Connect and do it. Raises CommandError."""
        try:
            with connected() as bank:
                self.call(bank, options)
        except (BankError, CallFailed, CertificatesError) as error:
            raise CommandError(str(error)) from error

    def call(self, bank: BankingClient, options: dict[str, Any]) -> None:
        """What the command does."""
        raise NotImplementedError
