"""The commands of a service that read its audit trail: ``explain`` and ``reported``."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from operations.audit.trail_files import trails
from sender_constraint.django.management.commands import explain, reported
from sender_constraint.explanations.search import Sources


class _ReadsOwnTrail:
    """Reads the trail of this service, by the settings ``SERVICE`` and ``AUDIT_DIR``."""

    def add_log_argument(self, parser: ArgumentParser) -> None:
        """None: the trail is where the settings say."""

    def sources(self, _options: dict[str, Any]) -> Sources:
        """The files of the trail. Raises EventsUnreadable."""
        return trails({settings.SERVICE: settings.AUDIT_DIR})


class ExplainCommand(_ReadsOwnTrail, explain.Command):
    """Explains what this service refused."""


class ReportedCommand(_ReadsOwnTrail, reported.Command):
    """Says which clients still call without proof."""
