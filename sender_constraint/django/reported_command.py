"""The command ``reported`` of a service: what report mode let pass.

In ``<app>/management/commands/reported.py``::

    from sender_constraint.django.reported_command import ReportedCommand

    class Command(ReportedCommand):
        '''Say who still comes without proof.'''
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
        "Say who still comes without proof of a token, where, and how often: what report mode let pass. "
        "Exit status 0 when nobody does."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Since when, and for whom the answer is."""
        parser.add_argument("--since", default="", metavar="TIME", help="ISO 8601 in UTC: 2026-03-01T12:00")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Print the counts. Exit status 1 where there are any."""
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
            raise CommandError("these would be refused by enforcing", returncode=1)
        if not options["json"]:
            self.stdout.write("nobody came without proof")
