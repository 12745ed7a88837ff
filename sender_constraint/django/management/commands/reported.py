"""``manage.py reported``: what report mode let pass, from the events in the API's log."""

import dataclasses
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sender_constraint.django.event_logs import add_log_argument, log_sources
from sender_constraint.explanations.reported import count_reported
from sender_constraint.explanations.search import EventsUnreadable, Sources


class Command(BaseCommand):
    """Say which clients still call without proof. A subclass may read events from elsewhere."""

    help = (
        "Say which clients still call without proof of their token, where, and how often: what report mode "
        "let pass. Exit status 0 if there are none."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Since when, in which form, and where to look."""
        parser.add_argument("--since", default="", metavar="TIME", help="ISO 8601 in UTC: 2026-03-01T12:00")
        parser.add_argument("--json", action="store_true", help="print JSON")
        self.add_log_argument(parser)

    def add_log_argument(self, parser: ArgumentParser) -> None:
        """Where to look."""
        add_log_argument(parser)

    def sources(self, options: dict[str, Any]) -> Sources:
        """The files to read. Raises EventsUnreadable."""
        return log_sources(options["log"])

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Print the counts. Exit status 1 if there are any."""
        try:
            counted = count_reported(self.sources(options), options["since"])
        except EventsUnreadable as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps([dataclasses.asdict(each) for each in counted], indent=1))
        for each in () if options["json"] else counted:
            place = f" on {each.route}" if each.route else ""
            self.stdout.write(f"{each.calls} of {each.client_id}{place}: {each.rule}, last at {each.last}")
        if counted:
            raise CommandError("enforcing would refuse these calls", returncode=1)
        if not options["json"]:
            self.stdout.write("no client called without proof")
