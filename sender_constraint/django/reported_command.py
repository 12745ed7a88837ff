"""The command ``reported`` of a service: what report mode accepted.

In ``<app>/management/commands/reported.py``::

    from sender_constraint.django.reported_command import ReportedCommand

    class Command(ReportedCommand):
        '''List clients that still send no proof.'''
"""

import dataclasses
import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from operations.audit.reported import count_reported
from operations.audit.search import TrailUnreadable


class ReportedCommand(BaseCommand):
    """Reads this service's own audit trail, by the setting ``AUDIT_DIR``."""

    help = (
        "List the clients that still send no proof of possession, with route and number of calls. "
        "Exit status 0 if there are none."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add ``--since`` and ``--json``."""
        parser.add_argument("--since", default="", metavar="TIME", help="ISO 8601 in UTC: 2026-03-01T12:00")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Print the counts. Exit status 1 if there are any."""
        try:
            counted = count_reported(settings.AUDIT_DIR, options["since"])
        except TrailUnreadable as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps([dataclasses.asdict(each) for each in counted], indent=1))
        for each in () if options["json"] else counted:
            place = f" on {each.route}" if each.route else ""
            self.stdout.write(f"{each.calls} of {each.client_id}{place}: {each.rule}, last at {each.last}")
        if counted:
            raise CommandError("enforcing would refuse these calls", returncode=1)
        if not options["json"]:
            self.stdout.write("all calls had a proof of possession")
