"""The management command ``explain`` of a service: why a call was refused, by its correlation id.

In ``<app>/management/commands/explain.py``::

    from sender_constraint.django.explain import ExplainCommand

    class Command(ExplainCommand):
        '''Explain what this service refused.'''
"""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from operations.audit.explaining import NotExplained, add_arguments, answer


class ExplainCommand(BaseCommand):
    """Reads this service's own audit trail, by the settings ``SERVICE`` and ``AUDIT_DIR``."""

    help = (
        "Explain why a call was refused: the rule and its section, what was expected and presented, and "
        "what to do next."
    )
    # Operators run this when something is broken: it needs only the audit trail.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The same as those of scripts/explain."""
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Print the explanations. Exit status 1: nothing found; 2: invalid arguments."""
        try:
            lines = answer(
                {settings.SERVICE: settings.AUDIT_DIR},
                correlation_id=options["correlation_id"],
                peer=options["peer"],
                recent=options["recent"],
                as_json=options["json"],
            )
        except NotExplained as reason:
            raise CommandError(str(reason), returncode=reason.status) from reason
        for line in lines:
            self.stdout.write(line)
