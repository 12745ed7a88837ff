"""Shows our accounts."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from partner_client.banking.client import BankingClient
from partner_client.banking.commands import BankCommand
from partner_client.banking.resources import Account


class Command(BankCommand):
    """List the accounts that the bank opened to us, or show one with its transactions."""

    help = (
        "List the accounts that the bank opened to us with their balances, or show one with its transactions."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the account."""
        parser.add_argument("account", nargs="?", help="the id of an account, to see its transactions too")
        for option, meaning in (("--from", "first"), ("--to", "last")):
            parser.add_argument(
                option,
                dest=f"date_{option[2:]}",
                type=date.fromisoformat,
                metavar="YYYY-MM-DD",
                help=f"the {meaning} day of the transactions to see, in UTC",
            )

    def call(self, bank: BankingClient, options: dict[str, Any]) -> None:
        """Ask the bank and print what it says."""
        if options["account"] is None:
            for account in bank.list_accounts():
                self._show(bank, account)
            return
        account = bank.account(options["account"])
        self._show(bank, account)
        for transaction in bank.transactions(account.id, options["date_from"], options["date_to"]):
            booked = transaction.booked_at.isoformat(timespec="seconds")
            self.stdout.write(f"  {booked}  {transaction.amount!s:>16}  {transaction.description}")

    def _show(self, bank: BankingClient, account: Account) -> None:
        balances = ", ".join(f"{balance.type} {balance.amount}" for balance in bank.balances(account.id))
        self.stdout.write(f"{account.id}  {account.name}  {balances}")
