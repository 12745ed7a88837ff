"""The command ``status`` of a service.

In ``<app>/management/commands/status.py``::

    from operations.status.command import StatusCommand

    class Command(StatusCommand):
        '''Show the status of this service.'''
"""

import io
import json
import shutil
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from rich.console import Console

from operations.alarms.alarms import Alarm
from operations.alarms.outages import name_of
from operations.alarms.service import alarms
from operations.audit.reporter import AUDIT_TRAIL
from operations.audit.trail import check_trail_has_room
from operations.expiries.watch import expiries
from operations.status.report import (
    alarm_documents,
    expiry_document,
    report,
    show,
    task_document,
)
from operations.tasks.background import declared_tasks, ledger
from sender_constraint.core.clock import utc_now
from sender_constraint.core.events import NotRecorded

# The exit status while a critical alarm is active, for simple monitoring.
EX_CRITICAL = 1

NARROWEST = 100


def status_document() -> dict[str, Any]:
    """The current status of this service; see ``report``."""
    now = utc_now()
    tasks = [
        task_document(ledger().read(task.name), task.what, task.every_seconds, now)
        for task in declared_tasks()
    ]
    expiring = expiries()
    late = [task["name"] for task in tasks if task["late"]]
    found = alarm_documents([*alarms().standing(), *_of_the_trail(now)], expiring, late, now)
    return report(settings.SERVICE, now, tasks, [expiry_document(each, now) for each in expiring], found)


def _of_the_trail(now: datetime) -> list[Alarm]:
    """The alarm of an audit trail that cannot be written: on a full disk, no alarm file can be either."""
    name = name_of(AUDIT_TRAIL.identifier)
    try:
        check_trail_has_room()
    except NotRecorded as refusal:
        if all(alarm.name != name for alarm in alarms().standing()):
            return [Alarm(name, "critical", refusal.description, now, now)]
    return []


class StatusCommand(BaseCommand):
    """Shows background tasks, expiries and active alarms."""

    help = (
        "Show the last and next run of each background task and what it did, the remaining lifetime of "
        "everything that expires, and the active alarms. Exit status 1 while an alarm is critical."
    )
    # Operators run this when something is wrong.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add ``--json``."""
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Print it. Raises SystemExit while a critical alarm is active."""
        document = status_document()
        if options["json"]:
            self.stdout.write(json.dumps(document, indent=1))
        else:
            self.stdout.write(self._tables(document))
        if document["state"] == "critical":
            raise SystemExit(EX_CRITICAL)

    def _tables(self, document: dict[str, Any]) -> str:
        text = io.StringIO()
        width = max(shutil.get_terminal_size().columns, NARROWEST)
        show(document, Console(file=text, force_terminal=self.stdout.isatty(), width=width))
        return text.getvalue()
