"""``manage.py open_account``."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bank_api.accounts.models import Account, AccountAccess
from operations.audit.trail import trail


class Command(BaseCommand):
    """Open an account to a client, which sees nothing else."""

    help = "Open an account to a client: from then on the client sees it. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The client and the account."""
        parser.add_argument("client_id", metavar="CLIENT_ID", help="as registered at the authserver")
        parser.add_argument("iban", metavar="IBAN", help="of the account, without spaces")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Open it; say so where it was open already."""
        account = Account.objects.filter(iban=options["iban"]).first()
        if account is None:
            raise CommandError(f"this bank has no account {options['iban']}")
        _, opened = AccountAccess.objects.get_or_create(account=account, client_id=options["client_id"])
        detail = {"account": str(account.pk), "iban": account.iban, "already": not opened}
        trail().record("operator.open_account", "accepted", client_id=options["client_id"], detail=detail)
        already = "" if opened else " already"
        self.stdout.write(f"{account} is{already} open to {options['client_id']}")
