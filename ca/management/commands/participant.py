"""``manage.py participant``: who takes part, and under which names."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ca.authority.profiles import PROFILES
from ca.register.participants import (
    Application,
    NotAdmitted,
    admit,
    admit_with_secret_file,
    deliver_to_file,
    known_application,
)
from operations.audit.trail import trail


class Command(BaseCommand):
    """Admits participants."""

    help = "Admit participants: give each its names and the one-time secret with which it enrols."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Two subcommands: one participant from the command line, or a list from a file."""
        commands = parser.add_subparsers(dest="command", required=True)
        add = commands.add_parser(
            "add",
            help="admit one participant, or give a known one a new secret (and the names as stated now)",
        )
        add.add_argument("name", help="its name at this authority, the user name of EST's HTTP Basic")
        add.add_argument("--profile", required=True, choices=sorted(PROFILES), help="kind of certificate")
        add.add_argument(
            "--subject", required=True, metavar="DN", help="RFC 4514, as CN=partner,O=Partner Ltd,C=GB"
        )
        add.add_argument(
            "--san-dns", action="append", default=[], metavar="NAME", help="DNS name; repeatable"
        )
        add.add_argument("--san-uri", action="append", default=[], metavar="URI", help="URI; repeatable")
        add.add_argument(
            "--san-ip", action="append", default=[], metavar="ADDRESS", help="IP address; repeatable"
        )
        add.add_argument(
            "--san-email", action="append", default=[], metavar="MAILBOX", help="mailbox; repeatable"
        )
        add.add_argument(
            "--secret-file",
            type=Path,
            metavar="FILE",
            help="write the secret there (mode 0600), do not print it",
        )
        secret = commands.add_parser(
            "secret",
            help="give a known participant a new one-time secret, with which a new line begins",
            description=(
                "The names stay as they are. Once the secret is spent, the line before renews itself no "
                "more; what it still holds and is not revoked serves until it expires."
            ),
        )
        secret.add_argument("name", help="its name at this authority")
        secret.add_argument(
            "--profile", choices=sorted(PROFILES), help="if it has certificates of both kinds"
        )
        secret.add_argument("--subject", metavar="DN", help="if it has several of one kind")
        secret.add_argument("--secret-file", type=Path, metavar="FILE", help="as for add")
        load = commands.add_parser(
            "load",
            help="admit all participants of a list; safe to repeat",
            description=(
                'FILE is a JSON list of {"name", "profile", "subject", "san_dns": [], "san_uri": [], '
                '"san_ip": [], "san_email": [], "secret_file"}. A secret file that exists gives the secret; '
                "otherwise it is written, unless the participant is known already."
            ),
        )
        load.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run a subcommand; anything that it cannot do is a CommandError."""
        try:
            if options["command"] == "add":
                self._add(options)
            elif options["command"] == "secret":
                self._secret(options)
            else:
                self._load(options["file"])
        except (NotAdmitted, OSError) as error:
            raise CommandError(str(error)) from error

    def _add(self, options: dict[str, Any]) -> None:
        application = Application(
            participant=options["name"],
            profile_name=options["profile"],
            subject=options["subject"],
            san_dns=tuple(options["san_dns"]),
            san_uri=tuple(options["san_uri"]),
            san_ip=tuple(options["san_ip"]),
            san_email=tuple(options["san_email"]),
        )
        self._admit(application, options["secret_file"], "Admitted")

    def _secret(self, options: dict[str, Any]) -> None:
        application = known_application(options["name"], options["profile"], options["subject"])
        self._admit(application, options["secret_file"], "New secret for")

    def _admit(self, application: Application, file: Path | None, what: str) -> None:
        enrolment = admit(application, deliver_to_file(file) if file else self._print_secret)
        _record(application)
        self.stdout.write(f"{what} {enrolment}" + (f"; one-time secret in {file}" if file else ""))
        self.stdout.write(f"It enrols at {settings.EST_URL}/simpleenroll as {enrolment.participant}")

    def _print_secret(self, secret: str) -> None:
        self.stdout.write(f"One-time secret, shown this once: {secret}")

    def _load(self, file: Path) -> None:
        try:
            entries = json.loads(file.read_bytes())
        except ValueError as error:
            raise CommandError(f"{file} is not JSON: {error}") from error
        if not isinstance(entries, list):
            raise CommandError(f"{file} is not a list")
        for entry in entries:
            application = Application.from_json(entry)
            secret_file = entry.get("secret_file")
            if not isinstance(secret_file, str):
                raise CommandError(f"{application.participant} has no secret_file")
            changed = admit_with_secret_file(application, Path(secret_file))
            if changed:
                _record(application)
            state = "admitted" if changed else "known already"
            self.stdout.write(
                f"{application.participant}: {application.profile_name} {application.subject}: {state}"
            )


def _record(application: Application) -> None:
    trail().record(
        "operator.participant",
        "accepted",
        client_id=application.participant,
        detail={
            "profile": application.profile_name,
            "subject": application.subject,
            **application.alternative_names,
        },
    )
