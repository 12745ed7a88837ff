"""``manage.py revoke``: a certificate holds no longer."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ca.authority.directory import NoAuthority
from ca.authority.profiles import AUTHORITY, RESPONDER
from ca.authority.reasons import OPERATORS, UnknownReason, reason_named
from ca.register import configuration
from ca.register.configuration import authority_directory
from ca.register.models import certificate_with_serial, serial_text
from ca.status.revoking import NotRevocable, Revoked, publish_revocations, revoke
from operations.audit.trail import trail


class Command(BaseCommand):
    """Revokes a certificate."""

    help = (
        "Revoke a certificate, for good: also the issuing authority's own. OCSP says so at once, and so does "
        "a new revocation list. Its participant renews it no more, and begins a new line with "
        "`./scripts/manage ca participant secret`. Repeating it is harmless; with another reason than "
        "superseded it takes along what the line obtained later, and keyCompromise becomes the reason."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A serial number and a reason."""
        parser.add_argument(
            "serial", metavar="SERIAL", help="hexadecimal, as `list` writes it; colons are fine"
        )
        parser.add_argument(
            "--reason",
            default="unspecified",
            metavar="REASON",
            help=f"of RFC 5280 section 5.3.1: {', '.join(each.value for each in OPERATORS)}. With any but "
            "superseded, what the same line obtained later is revoked too. Default: unspecified",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Revoke, publish, and say what follows."""
        certificate = certificate_with_serial(options["serial"])
        if certificate is None:
            raise CommandError(
                f"this authority issued no certificate with the serial number {options['serial']}: "
                "see `./scripts/manage ca list`"
            )
        try:
            reason = reason_named(options["reason"])
            revoked = revoke(certificate, reason, configuration.utc_now(), by_operator=True)
            _record(revoked)
            self._say(revoked)
            self._publish()
        except (UnknownReason, NotRevocable, NoAuthority) as error:
            raise CommandError(str(error)) from error

    def _say(self, revoked: Revoked) -> None:
        record = revoked.record
        assert record.revoked_at is not None  # noqa: S101 - it was just revoked
        when = f"{record.revoked_at:%Y-%m-%d %H:%M:%S} UTC, {record.revocation_reason}"
        if revoked.is_repeated:
            self.stdout.write(f"{record.serial} was revoked before, at {when}")
        else:
            self.stdout.write(f"Revoked {record.serial} at {when}")
        for each in revoked.also:
            self.stdout.write(f"Revoked {each.serial}, which the same line obtained later")
        for each in revoked.remaining:
            self.stdout.write(
                f"Not revoked, of the same line: {each.serial}, until {each.not_after:%Y-%m-%d %H:%M:%S} UTC"
            )
        if record.enrolment is not None:
            participant = record.enrolment.participant
            self.stdout.write(
                f"A new line for {participant} begins with: "
                f"./scripts/manage ca participant secret {participant}"
            )
        elif record.profile_name == AUTHORITY:
            self._say_of_authority(record.serial)
        elif record.profile_name == RESPONDER.name:
            self.stdout.write(
                "Who trusts this responder does not ask for its status: remove its folder below "
                "STATE_DIR/certificates and run `./scripts/manage ca enrol`"
            )

    def _say_of_authority(self, serial: str) -> None:
        directory = authority_directory()
        current = directory.certificate(directory.current_issuing())
        if serial_text(current) == serial:
            self.stdout.write(
                "Nothing is issued any more; the next authority is made by: "
                f"./scripts/manage ca replace_issuing {serial}. Whoever has a worker then renews by itself"
            )

    def _publish(self) -> None:
        for authority, error in publish_revocations(configuration.utc_now()):
            self.stderr.write(
                f"OCSP says so already; the revocation list of the {authority.name} authority waits for its "
                f"key ({error}): fetch the key, and run `./scripts/manage ca publish_lists`"
            )


def _record(revoked: Revoked) -> None:
    record = revoked.record
    trail().record(
        "operator.revoke",
        "accepted",
        client_id=record.enrolment.participant.name if record.enrolment else None,
        detail={
            "serial": record.serial,
            "reason": record.revocation_reason,
            "revoked_at": record.revoked_at.isoformat() if record.revoked_at else None,
            "also": [each.serial for each in revoked.also],
            "repeated": revoked.is_repeated,
        },
    )
