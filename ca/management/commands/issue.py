"""``manage.py issue``: a certificate that the operator answers for."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from django.core.management.base import BaseCommand, CommandError

from ca.authority.directory import NoAuthority, pem_of
from ca.authority.entitlements import check_server_name
from ca.authority.hierarchy import AuthorityExpired
from ca.authority.profiles import PROFILES
from ca.authority.refusals import EnrolmentRefused
from ca.authority.requests import verify_request
from ca.register.configuration import current_issuer, issuer_of, key_profile
from ca.register.own_records import AuthorityRevoked
from operations.audit.trail import trail
from sender_constraint.core.untrusted_input import MalformedInput, certification_request_from_pem


class Command(BaseCommand):
    """Issues from a file."""

    help = (
        "Issue a certificate for the request in a file, with whatever names it asks for: checking them is "
        "yours. Writes the certificate and the issuing authority's to standard output, PEM. Such a "
        "certificate belongs to no participant, and is not renewed by EST."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A profile and a file."""
        parser.add_argument("--profile", required=True, choices=sorted(PROFILES), help="kind of certificate")
        parser.add_argument("--csr", required=True, type=Path, metavar="FILE", help="PKCS #10, PEM or DER")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Check the request as EST does, but for the names, and issue."""
        profile = PROFILES[options["profile"]]
        try:
            asked = verify_request(_der(options["csr"]), key_profile())
            if not asked.subject.rdns and not asked.alternative_names:
                raise CommandError("the request names nobody: no subject and no alternative name")
            check_server_name(asked, profile)
            record = current_issuer().by_hand(profile, asked).record
            issuing = issuer_of(record.certificate)
        except EnrolmentRefused as refusal:
            trail().refused("operator.issue", refusal)
            raise CommandError(
                f"{refusal.description} [{refusal.rule.identifier}, {refusal.rule.clause}]"
            ) from None
        except (NoAuthority, AuthorityExpired, AuthorityRevoked, OSError) as error:
            raise CommandError(str(error)) from error
        trail().record(
            "operator.issue",
            "accepted",
            detail={
                "profile": profile.name,
                "serial": record.serial,
                "not_after": record.not_after.isoformat(),
            },
        )
        self.stderr.write(f"Serial {record.serial}, until {record.not_after:%Y-%m-%d %H:%M:%S} UTC")
        self.stdout.write(pem_of((record.certificate, issuing)).decode(), ending="")


def _der(file: Path) -> bytes:
    content = file.read_bytes()
    if b"-----BEGIN" not in content:
        return content
    try:
        return certification_request_from_pem(content).public_bytes(serialization.Encoding.DER)
    except MalformedInput as error:
        raise CommandError(f"{file} holds no certification request: {error}") from error
