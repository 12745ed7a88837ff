"""``manage.py software_statement``: what a participant shows when it registers at a bank (RFC 7591 §2.3)."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ca.authority.directory import NoAuthority, WrongPassphrase
from ca.directory.configuration import directory_issuer, statement_key
from ca.directory.statements import CLIENT_PROFILE, LONGEST_LIFETIME, NAMES, software_statement, stated
from ca.register import configuration
from ca.register.participants import NotAdmitted, known_application
from operations.audit.trail import trail

WEEK_SECONDS = 7 * 24 * 60 * 60


class Command(BaseCommand):
    """Issues a software statement."""

    help = "Print a software statement of a participant: signed, for each bank of the scheme, and no secret."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The participant, and for how long the statement counts."""
        longest = int(LONGEST_LIFETIME.total_seconds())
        parser.add_argument("participant", help="its name at this authority")
        parser.add_argument(
            "--lifetime", type=int, default=WEEK_SECONDS, metavar="SECONDS",
            help=f"for how long it counts, at most {longest} (default: {WEEK_SECONDS}, a week)",
        )  # fmt: skip
        parser.add_argument("--subject", metavar="DN", help="of which certificate, where it has several")
        parser.add_argument(
            "--by", choices=NAMES, default=NAMES[0], help="the name by which banks are to know it"
        )
        parser.add_argument(
            "--client-name", default="", metavar="TEXT", help="for people (default: its name)"
        )
        parser.add_argument(
            "--scope", default="", metavar="VALUES", help="what it may be allowed, with spaces between"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """One line: the statement."""
        lifetime = options["lifetime"]
        if not 0 < lifetime <= LONGEST_LIFETIME.total_seconds():
            raise CommandError(f"a lifetime is 1 to {int(LONGEST_LIFETIME.total_seconds())} seconds")
        try:
            application = known_application(options["participant"], CLIENT_PROFILE, options["subject"])
            claims = stated(application, options["by"], options["client_name"], options["scope"])
            key = statement_key().ensure()
        except (NotAdmitted, NoAuthority, WrongPassphrase) as error:
            raise CommandError(str(error)) from error
        statement = software_statement(
            claims, key, directory_issuer(), timedelta(seconds=lifetime), configuration.utc_now()
        )
        trail().record(
            "operator.software-statement",
            "accepted",
            client_id=application.participant,
            section="RFC 7591 §2.3",
            detail={**claims, "lifetime_seconds": lifetime},
        )
        self.stdout.write(statement)
