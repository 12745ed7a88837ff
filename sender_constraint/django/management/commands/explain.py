"""``manage.py explain``: why a call was refused, from the events in the API's log."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sender_constraint.django.event_logs import add_log_argument, log_sources
from sender_constraint.explanations.command import NotExplained, add_arguments, answer
from sender_constraint.explanations.search import EventsUnreadable, Sources


class Command(BaseCommand):
    """Explain a refusal of this API, by its correlation id. A subclass may read events from elsewhere."""

    help = (
        "Explain why a call was refused: the rule and its section, what was expected and presented, and "
        "what to do next."
    )
    # An operator asks while things are broken: only the events are needed.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to explain, and where to look."""
        add_arguments(parser)
        self.add_log_argument(parser)

    def add_log_argument(self, parser: ArgumentParser) -> None:
        """Where to look."""
        add_log_argument(parser)

    def sources(self, options: dict[str, Any]) -> Sources:
        """The files to read. Raises EventsUnreadable."""
        return log_sources(options["log"])

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Print the explanations. Exit status 1: nothing found; 2: invalid arguments."""
        try:
            lines = answer(
                self.sources(options),
                correlation_id=options["correlation_id"],
                peer=options["peer"],
                recent=options["recent"],
                as_json=options["json"],
            )
        except NotExplained as reason:
            raise CommandError(str(reason), returncode=reason.status) from reason
        except EventsUnreadable as error:
            raise CommandError(str(error), returncode=1) from error
        for line in lines:
            self.stdout.write(line)
