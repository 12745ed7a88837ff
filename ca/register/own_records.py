"""The authority's own certificates in its register: serial numbers are unique there, and have a status."""

from collections.abc import Iterable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ca.authority.hierarchy import BACKDATING
from ca.authority.identity import issuer_identity
from ca.authority.profiles import AUTHORITY
from ca.authority.requests import public_key_digest
from ca.register.models import IssuedCertificate, serial_text


class AuthorityRevoked(Exception):
    """The issuing authority's own certificate is revoked: nothing that it issued now would be trusted."""


def record_authorities(certificates: Iterable[x509.Certificate]) -> None:
    """Record the root's and the issuing authority's certificates; safe to repeat."""
    for certificate in certificates:
        record_own(certificate, AUTHORITY, certificate.not_valid_before_utc + BACKDATING)


def record_own(certificate: x509.Certificate, profile_name: str, issued_at: datetime) -> IssuedCertificate:
    """Record a certificate of the authority itself, unless it is recorded."""
    record, _ = IssuedCertificate.objects.get_or_create(
        serial=serial_text(certificate),
        issuer=issuer_identity(certificate),
        defaults={
            "der": certificate.public_bytes(serialization.Encoding.DER),
            "profile_name": profile_name,
            "public_key_digest": public_key_digest(certificate.public_key()),
            "issued_at": issued_at,
            "not_after": certificate.not_valid_after_utc,
        },
    )
    return record


def check_not_revoked(authority: x509.Certificate) -> None:
    """Nothing is issued under a certificate that is revoked. Raises AuthorityRevoked."""
    record = IssuedCertificate.objects.filter(
        issuer=issuer_identity(authority), serial=serial_text(authority), revoked_at__isnull=False
    ).first()
    if record is not None:
        raise AuthorityRevoked(
            f"the certificate of {authority.subject.rfc4514_string()} was revoked at {record.revoked_at}"
        )
