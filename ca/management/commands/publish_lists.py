"""``manage.py publish_lists``: revocation lists, now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ca.authority.directory import NoAuthority
from ca.register import configuration
from ca.status.authorities import StatusAuthority, status_authorities
from ca.status.lists import list_is_due, publish_list


class Command(BaseCommand):
    """Publishes the lists that are due."""

    help = (
        "Publish the revocation lists that are due: by schedule, or because a revocation is in none yet. "
        "The worker does it too; this is for when the root's key was just fetched from its safe."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """``--all``: the others too."""
        parser.add_argument("--all", action="store_true", help="also those that are not due")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Each authority's."""
        try:
            for authority in status_authorities():
                self._publish(authority, force=options["all"])
        except NoAuthority as error:
            raise CommandError(str(error)) from error

    def _publish(self, authority: StatusAuthority, *, force: bool) -> None:
        now = configuration.utc_now()
        if not (force or list_is_due(authority, now)):
            self.stdout.write(f"The list of the {authority.name} authority is not due")
            return
        try:
            published = publish_list(authority, now)
        except NoAuthority as error:
            # The root's key may be in a safe. What was published before holds until its own end.
            self.stderr.write(f"The list of the {authority.name} authority is due, and waits: {error}")
            return
        self.stdout.write(
            f"The list of the {authority.name} authority is number {published.number}, "
            f"until {published.next_update:%Y-%m-%d %H:%M:%S} UTC"
        )
