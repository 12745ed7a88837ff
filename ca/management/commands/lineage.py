"""``manage.py lineage``: forked lineages, and what becomes of them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ca.register import configuration
from ca.register.forks import open_forks
from ca.register.models import IssuedCertificate, LineageFork, certificate_with_serial, state_of
from ca.status.forks import Decided, NothingToDecide, resume_lineage, revoke_lineage
from ca.status.revoking import publish_revocations
from operations.audit.trail import trail
from sender_constraint.core.thumbprints import certificate_thumbprint

DECISIONS = {LineageFork.RESUMED: resume_lineage, LineageFork.REVOKED: revoke_lineage}


class Command(BaseCommand):
    """Lists forked lineages, and decides about them."""

    help = (
        "List forked lineages, and decide about them. A lineage is a certificate with its successors; it is "
        "forked when a key that was replaced asks for a successor of its own. Renewals of the lineage are "
        "suspended until the operator decides."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Three subcommands."""
        commands = parser.add_subparsers(dest="command", required=True)
        listing = commands.add_parser("list", help="show the forks to decide about, with all certificates")
        listing.add_argument("--all", action="store_true", help="also those that were decided")
        resume = commands.add_parser(
            "resume",
            help="let the latest certificate renew itself again; revoke the replaced one that asked",
        )
        revoke = commands.add_parser(
            "revoke",
            help="revoke all certificates of the lineage (keyCompromise); its participant needs a new secret",
        )
        for each in (resume, revoke):
            each.add_argument("serial", metavar="SERIAL", help="of any certificate of the lineage")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Run a subcommand."""
        match options["command"]:
            case "list":
                self._list(include_decided=options["all"])
            case "resume":
                self._decide(options["serial"], LineageFork.RESUMED)
            case _:
                self._decide(options["serial"], LineageFork.REVOKED)

    def _list(self, *, include_decided: bool) -> None:
        forks = LineageFork.objects.order_by("id") if include_decided else open_forks(configuration.utc_now())
        for fork in forks:
            self._show(fork)
        if not forks:
            self.stdout.write("No lineage is forked.")

    def _show(self, fork: LineageFork) -> None:
        decided = (
            f"{fork.decision} {fork.decided_at:%Y-%m-%d %H:%M:%S} UTC" if fork.decided_at else "undecided"
        )
        self.stdout.write(f"{fork.enrolment}: {decided}")
        self.stdout.write(
            f"  refused   {fork.detected_at:%Y-%m-%d %H:%M:%S} UTC, the first request of the replaced key, "
            f"for a key with SHA-256 {fork.public_key_digest}"
        )
        self._certificate("replaced", fork.replaced)
        later = fork.enrolment.certificates.filter(line=fork.line, id__gt=fork.replaced.pk)
        for each in later.order_by("id"):
            self._certificate("successor", each)

    def _certificate(self, role: str, record: IssuedCertificate) -> None:
        thumbprint = certificate_thumbprint(bytes(record.der))
        self.stdout.write(
            f"  {role:<9} {record.serial} issued {record.issued_at:%Y-%m-%d %H:%M:%S} UTC, until "
            f"{record.not_after:%Y-%m-%d %H:%M:%S} UTC, x5t#S256 {thumbprint}, "
            f"{state_of(record, configuration.utc_now())}"
        )

    def _decide(self, serial: str, decision: str) -> None:
        certificate = certificate_with_serial(serial)
        if certificate is None:
            raise CommandError(
                f"this authority issued no certificate with the serial number {serial}: see `manage.py list`"
            )
        now = configuration.utc_now()
        try:
            decided = DECISIONS[decision](certificate, now)
        except NothingToDecide as error:
            raise CommandError(str(error)) from error
        _record(decision, decided)
        participant = decided.forks[0].enrolment.participant
        for each in decided.revoked:
            self.stdout.write(f"Revoked {each.serial}: {each.revocation_reason}")
        if decision == LineageFork.RESUMED:
            self.stdout.write(f"The latest certificate of {participant} renews itself again")
        else:
            self.stdout.write(
                f"The lineage has ended; {participant} enrols again with a new secret: "
                f"manage.py participant secret {participant}"
            )
        for authority, missing in publish_revocations(now):
            self.stderr.write(
                f"OCSP already reports it; the revocation list of the {authority.name} authority waits for "
                f"its key: {missing}"
            )


def _record(decision: str, decided: Decided) -> None:
    trail().record(
        "operator.lineage",
        "accepted",
        client_id=decided.forks[0].enrolment.participant.name,
        detail={
            "decision": decision,
            "replaced": [fork.replaced.serial for fork in decided.forks],
            "revoked": [each.serial for each in decided.revoked],
        },
    )
