"""``manage.py init``: found the scheme."""

from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from ca.authority.directory import NoAuthority
from ca.authority.founding import ForeignTrustBundle, found
from ca.register import configuration
from ca.register.configuration import authority_directory
from ca.register.own_records import record_authorities
from sender_constraint.django.conf import library_settings


class Command(BaseCommand):
    """Creates the authority and the trust bundle, or says what is there."""

    help = (
        "Create the root and the issuing authority under STATE_DIR/keys, and write both certificates to "
        "TRUST_BUNDLE and to the register. Keys are never overwritten: where there is an authority, this "
        "says so."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Found the scheme once, and show its fingerprints each time."""
        directory = authority_directory()
        try:
            is_new = found(
                directory,
                library_settings().trust_bundle,
                configuration.utc_now,
                settings.STATUS_ORIGIN,
                timedelta(seconds=settings.ISSUING_AUTHORITY_LIFETIME_SECONDS),
            )
            certificates = directory.certificates()
            record_authorities(certificates)
        except OperationalError as error:
            raise CommandError(
                f"{error}: the register comes first, run `./scripts/manage ca migrate`"
            ) from error
        except (ForeignTrustBundle, NoAuthority, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{'Created' if is_new else 'Found'} the authority in {directory.path}")
        for certificate in certificates:
            self.stdout.write(
                f"  {certificate.subject.rfc4514_string()}, until {certificate.not_valid_after_utc:%Y-%m-%d},"
                f" SHA-256 {certificate.fingerprint(hashes.SHA256()).hex()}"
            )
        self.stdout.write(f"Trust bundle: {library_settings().trust_bundle}")
