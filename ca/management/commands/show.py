"""``manage.py show``: one certificate, as the register knows it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ca.authority.directory import pem_of
from ca.authority.entitlements import alternative_names_of, written
from ca.register.models import IssuedCertificate, certificate_with_serial, owner_of
from sender_constraint.core.names import subject_of
from sender_constraint.core.thumbprints import certificate_thumbprint
from sender_constraint.explanations.shown import shown


class Command(BaseCommand):
    """Shows a certificate."""

    help = "Show a certificate by its serial number: names, times, owner, predecessor, thumbprint, PEM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A serial number."""
        parser.add_argument(
            "serial", metavar="SERIAL", help="hexadecimal, as `list` writes it; colons are fine"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """One field a line, then PEM."""
        record = certificate_with_serial(options["serial"])
        if record is None:
            raise CommandError(
                f"this authority issued no certificate with the serial number {options['serial']}"
            )
        for name, value in _fields(record):
            self.stdout.write(f"{name + ':':<14}{value}")
        self.stdout.write(pem_of((record.certificate,)).decode(), ending="")


def _fields(record: IssuedCertificate) -> list[tuple[str, object]]:
    certificate = record.certificate
    fields: list[tuple[str, object]] = [
        ("Serial", record.serial),
        ("Subject", subject_of(certificate)),
        ("SAN", ", ".join(map(shown, written(alternative_names_of(certificate)))) or "none"),
        ("Profile", record.profile_name),
        ("Participant", owner_of(record)),
        ("Issued", record.issued_at.isoformat()),
        ("Not before", certificate.not_valid_before_utc.isoformat()),
        ("Not after", record.not_after.isoformat()),
        ("Replaces", record.replaces or "none"),
        ("x5t#S256", certificate_thumbprint(bytes(record.der))),
    ]
    if record.revoked_at is not None:
        fields.append(("Revoked", f"{record.revoked_at.isoformat()} {record.revocation_reason}".strip()))
    return fields
