"""``manage.py list``: the register in one line per certificate."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ca.register import configuration
from ca.register.forks import open_forks
from ca.register.models import Enrolment, IssuedCertificate, owner_of, secret_state, state_of


class Command(BaseCommand):
    """Lists participants and certificates."""

    help = "List participants with their names, and the certificates that were issued, newest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A participant and a limit, both optional."""
        parser.add_argument("--participant", metavar="NAME", help="this participant's only")
        parser.add_argument(
            "--limit", type=int, default=20, metavar="N", help="at most so many certificates (default: 20)"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Participants first."""
        enrolments = Enrolment.objects.select_related("participant").order_by("participant__name", "id")
        certificates = IssuedCertificate.objects.select_related("enrolment__participant", "replaces")
        certificates = certificates.order_by("-id")
        if options["participant"]:
            enrolments = enrolments.filter(participant__name=options["participant"])
            certificates = certificates.filter(enrolment__participant__name=options["participant"])
        now = configuration.utc_now()
        suspended = {fork.enrolment_id for fork in open_forks(now)}
        self.stdout.write("Participants")
        for enrolment in enrolments:
            names = ", ".join(enrolment.entitlement.written()) or "no alternative names"
            forked = ", lineage forked: see `manage.py lineage list`" if enrolment.pk in suspended else ""
            self.stdout.write(f"  {enrolment} ({names}), secret {secret_state(enrolment)}{forked}")
        self.stdout.write("Certificates")
        self.stdout.write(
            f"  {'serial':<40} {'owner':<16} {'profile':<9} {'replaces':<40} {'until':<19} state"
        )
        for record in certificates[: max(0, options["limit"])]:
            replaces = record.replaces.serial if record.replaces else "-"
            self.stdout.write(
                f"  {record.serial:<40} {owner_of(record):<16} {record.profile_name:<9} {replaces:<40} "
                f"{record.not_after:%Y-%m-%d %H:%M:%S} {state_of(record, now)}"
            )
