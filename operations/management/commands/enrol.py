"""``manage.py enrol``: a valid certificate for every purpose that the service declares."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from operations.certificates.renewal import ensure, record
from operations.certificates.stores import DeclaredStore, declared_stores
from sender_constraint.certificates.errors import CertificatesError
from sender_constraint.certificates.rotation import wait_for_generation
from sender_constraint.core.clock import utc_now


class Command(BaseCommand):
    """Ensures that every declared store has a valid generation."""

    help = (
        "Ensure that this service has a valid certificate: enrol with the one-time secret, or renew the "
        "certificate, even after it has expired."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add ``--replace`` and ``--wait``."""
        parser.add_argument(
            "--replace",
            action="store_true",
            help="replace the certificate now, with a new key, even if renewal is not due",
        )
        parser.add_argument(
            "--wait",
            type=float,
            default=30.0,
            metavar="SECONDS",
            help="how long to wait for the certificate authority to respond (default: 30)",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Ensure each store in turn. Raises CommandError if one has no valid certificate."""
        stores = declared_stores()
        if not stores:
            self.stdout.write("nothing to do: the settings declare no certificate")
        for declared in stores.values():
            if options["replace"]:
                self._order_replacement(declared)
            self._ensure(declared, options["wait"])

    def _order_replacement(self, declared: DeclaredStore) -> None:
        try:
            declared.store.order_replacement()
        except CertificatesError as error:
            raise CommandError(f"the {declared.purpose} certificate cannot be replaced: {error}") from error

    def _ensure(self, declared: DeclaredStore, seconds: float) -> None:
        outcome = wait_for_generation(lambda: ensure(declared), seconds=seconds)
        record(declared, outcome)
        generation = outcome.generation
        if generation is None or generation.is_expired(utc_now()):
            raise CommandError(f"no valid {declared.purpose} certificate: {outcome.error or outcome.action}")
        if outcome.error is not None:
            self.stderr.write(f"{declared.purpose} certificate not yet renewed: {outcome.error}")
        subject = generation.certificate.subject.rfc4514_string()
        until = generation.not_after.isoformat()
        self.stdout.write(f"{declared.purpose} certificate {outcome.action}: {subject}, until {until}")
        self.stdout.write(f"  x5t#S256 {generation.thumbprint}")
