"""What a service's ``manage.py`` runs: Django's commands, with the exit status of all scripts.

0: success. 1: the command failed. 2: wrong usage, as of an unknown command. 130: interrupted by Ctrl-C.
"""

import sys
from collections.abc import Sequence
from typing import Any

from django.core.management import ManagementUtility

USAGE, INTERRUPTED = 2, 130


class CommandLine(ManagementUtility):
    """Django's own, but for the exit status after an unknown command."""

    def fetch_command(self, subcommand: str) -> Any:
        """As Django does. Raises SystemExit(2) for a name that is not a command."""
        try:
            return super().fetch_command(subcommand)
        except SystemExit as ended:
            raise SystemExit(USAGE) from ended


def run(arguments: Sequence[str]) -> None:
    """Run the command in ``arguments``, as ``sys.argv``. Raises SystemExit unless it succeeds."""
    try:
        CommandLine(list(arguments)).execute()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
