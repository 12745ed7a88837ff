"""``manage.py replace_issuing``: another issuing authority, under the same root."""

from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from cryptography import x509
from django.core.management.base import BaseCommand, CommandError

from ca.authority.directory import NoAuthority
from ca.authority.founding import ForeignTrustBundle
from ca.authority.hierarchy import AuthorityExpired
from ca.authority.reasons import OPERATORS, UnknownReason, reason_named
from ca.register import configuration
from ca.register.configuration import authority_directory
from ca.register.models import certificate_with_serial, serial_text, state_of
from ca.status.replacing import NotReplaceable, Replacement, replace_issuing
from ca.status.revoking import publish_revocations, revoke
from operations.audit.trail import trail
from operations.certificates.stores import declared_stores
from sender_constraint.certificates.errors import CertificatesError


class Command(BaseCommand):
    """Replaces the issuing authority."""

    help = (
        "Put another issuing authority, with a new key, in the place of the one with this serial number; "
        "without a number, list them. It takes the root's key. What the one before issued holds until it "
        "ends, and everybody renews as usual; with --revoke it is refused at once, and whoever has a worker "
        "renews at its next look. Repeating it is harmless."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A serial number and a reason, both optional."""
        parser.add_argument("serial", nargs="?", metavar="SERIAL", help="hexadecimal; colons are fine")
        parser.add_argument(
            "--revoke",
            metavar="REASON",
            help="then revoke it, for a reason of RFC 5280 section 5.3.1: "
            f"{', '.join(each.value for each in OPERATORS)}. For a stolen key: cACompromise",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """List, or replace and say what follows."""
        try:
            if options["serial"] is None:
                self._list()
                return
            reason = reason_named(options["revoke"]) if options["revoke"] else None
            serial = options["serial"].replace(":", "").lower().lstrip("0")
            self._replace(serial)
            if reason is not None:
                self._revoke(serial, reason)
            _renew_own_if_revoked(serial)
        except (NotReplaceable, NoAuthority, AuthorityExpired, ForeignTrustBundle, UnknownReason) as error:
            raise CommandError(str(error)) from error

    def _list(self) -> None:
        directory = authority_directory()
        current = directory.current_issuing()
        for name in directory.issuing_names():
            certificate = directory.certificate(name)
            record = certificate_with_serial(serial_text(certificate))
            state = state_of(record, configuration.utc_now()) if record else "not in use yet"
            until = f"until {certificate.not_valid_after_utc:%Y-%m-%d %H:%M:%S}"
            issues = ", issues" if name == current else ""
            self.stdout.write(f"{name:<12} {serial_text(certificate):<40} {until} {state}{issues}")

    def _replace(self, serial: str) -> None:
        replacement = replace_issuing(serial, configuration.utc_now())
        _record(serial, replacement)
        until = f"until {replacement.certificate.not_valid_after_utc:%Y-%m-%d %H:%M:%S} UTC"
        what = "issues from now on" if replacement.is_new else "took its place before"
        self.stdout.write(f"{replacement.name} {what}: {serial_text(replacement.certificate)}, {until}")

    def _revoke(self, serial: str, reason: x509.ReasonFlags) -> None:
        certificate = certificate_with_serial(serial)
        assert certificate is not None  # noqa: S101 - replacing records them all
        record = revoke(certificate, reason, configuration.utc_now(), by_operator=True).record
        trail().record(
            "operator.revoke",
            "accepted",
            detail={"serial": serial, "reason": record.revocation_reason, "revoked_at": record.revoked_at},
        )
        self.stdout.write(
            f"Revoked {serial} at {record.revoked_at:%Y-%m-%d %H:%M:%S} UTC, {record.revocation_reason}"
        )
        for authority, error in publish_revocations(configuration.utc_now()):
            self.stderr.write(
                f"OCSP says so already; the revocation list of the {authority.name} authority waits for its "
                f"key ({error}): fetch the key, and run `./scripts/manage ca publish_lists`"
            )


def _renew_own_if_revoked(serial: str) -> None:
    """The certificate with which this service serves EST is one that the issuing authority issued."""
    record = certificate_with_serial(serial)
    if record is not None and record.revoked_at is not None:
        with suppress(CertificatesError):
            declared_stores()["server"].store.order_replacement()


def _record(serial: str, replacement: Replacement) -> None:
    trail().record(
        "operator.replace-issuing",
        "accepted",
        detail={
            "replaced": serial,
            "serial": serial_text(replacement.certificate),
            "name": replacement.name,
            "repeated": not replacement.is_new,
        },
    )
