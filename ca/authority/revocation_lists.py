"""Revocation lists: RFC 5280 §5 (https://www.rfc-editor.org/rfc/rfc5280).

Full lists, signed by the authority that issued what stands in them. Not made: delta lists (§5.2.4), and
lists of one kind of certificate or for some reasons only (§5.2.5).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from ca.authority.hierarchy import CertificateAuthority
from ca.authority.profiles import authority_key_identifier


@dataclass(frozen=True, slots=True)
class Revocation:
    """One entry of a list."""

    serial_number: int
    revoked_at: datetime
    reason: x509.ReasonFlags


def sign_list(
    authority: CertificateAuthority,
    revocations: Iterable[Revocation],
    number: int,
    this_update: datetime,
    next_update: datetime,
) -> bytes:
    """A revocation list, DER.

    number: larger than that of every list before (§5.2.3). this_update, next_update: aware, UTC; fractions
    of a second are dropped.
    """
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(this_update.replace(microsecond=0))
        .next_update(next_update.replace(microsecond=0))
        .add_extension(authority_key_identifier(authority.certificate), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for revocation in revocations:
        builder = builder.add_revoked_certificate(_entry(revocation))
    return builder.sign(authority.private_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _entry(revocation: Revocation) -> x509.RevokedCertificate:
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(revocation.serial_number)
        .revocation_date(revocation.revoked_at.replace(microsecond=0))
    )
    # §5.3.1: "unspecified" is said by saying nothing.
    if revocation.reason is not x509.ReasonFlags.unspecified:
        builder = builder.add_extension(x509.CRLReason(revocation.reason), critical=False)
    return builder.build()
