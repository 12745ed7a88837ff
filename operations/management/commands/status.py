"""``manage.py status``."""

import io
import json
import shutil
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console

from operations.status.current import status_document
from operations.status.report import show

# The exit status while a critical alarm is active, for simple monitoring.
EX_CRITICAL = 1

NARROWEST = 100


class Command(BaseCommand):
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
