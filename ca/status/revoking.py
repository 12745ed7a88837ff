"""Revoking: for good, and in the next revocation list at once.

RFC 5280 §5.3 (https://www.rfc-editor.org/rfc/rfc5280). OCSP says it as soon as it is committed.
"""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from django.db import transaction

from ca.authority.directory import NoAuthority
from ca.authority.profiles import AUTHORITY
from ca.authority.reasons import KEY_COMPROMISE, SUPERSEDED
from ca.register.models import Enrolment, IssuedCertificate
from ca.status.authorities import StatusAuthority, status_authorities
from ca.status.lists import publish_list_if_due


class NotRevocable(Exception):
    """What cannot be revoked. The message is for the operator."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """What came of a revocation.

    record: the certificate, as the register has it now.
    is_repeated: whether it was revoked before; the time of its revocation stands.
    also: certificates of the same line that were obtained after it, revoked with it.
    remaining: certificates of the same participant's line that are neither revoked nor expired.
    """

    record: IssuedCertificate
    is_repeated: bool
    also: tuple[IssuedCertificate, ...]
    remaining: tuple[IssuedCertificate, ...]


def revoke(
    certificate: IssuedCertificate, reason: x509.ReasonFlags, now: datetime, *, by_operator: bool = False
) -> Revoked:
    """Revoke a certificate. Raises NotRevocable.

    What its line obtained after it goes too: whoever had its key could have renewed itself with it. Only
    where the reason is that it was superseded do its successors stay. The line renews itself no more
    (``renewal.revoked``, ``renewal.line``): its participant begins a new one with a new secret.

    by_operator: then the same holds where it was revoked before: a thief may have said first, with the stolen
    key, that it was superseded. Whoever holds the key of a revoked certificate changes nothing more with it.
    """
    check_revocable(certificate)
    with transaction.atomic():
        if certificate.enrolment_id is not None:
            # Whoever renews holds this lock too: see ca.register.issuing.
            Enrolment.objects.select_for_update().get(pk=certificate.enrolment_id)
        certificate.refresh_from_db()
        is_repeated = certificate.revoked_at is not None
        marked = _marked(certificate, reason, now) if by_operator or not is_repeated else []
        remaining = [each for each in _line_of(certificate) if each.revoked_at is None]
    also = tuple(each for each in marked if each.pk != certificate.pk)
    certificate.refresh_from_db()
    return Revoked(
        certificate, is_repeated, also, tuple(each for each in remaining if not each.is_expired(now))
    )


def check_revocable(certificate: IssuedCertificate) -> None:
    """Nobody is above the root: who trusts it has to be told by other means. Raises NotRevocable."""
    if (
        certificate.profile_name == AUTHORITY
        and certificate.certificate.issuer == certificate.certificate.subject
    ):
        raise NotRevocable(
            "the root cannot be revoked, because nobody is above it: found a new scheme, and bring its trust "
            "bundle to every participant"
        )


def publish_revocations(now: datetime) -> list[tuple[StatusAuthority, NoAuthority]]:
    """Publish the lists that are due; returns which wait, because their authority's key is away.

    Raises NoAuthority where there are no certificates of authorities at all.
    """
    waiting = []
    for authority in status_authorities():
        try:
            publish_list_if_due(authority, now)
        except NoAuthority as error:
            waiting.append((authority, error))
    return waiting


def _marked(
    certificate: IssuedCertificate, reason: x509.ReasonFlags, now: datetime
) -> list[IssuedCertificate]:
    """Returns those that were not revoked before."""
    chosen = [certificate]
    if reason is not SUPERSEDED:
        chosen += [each for each in _line_of(certificate) if each.pk > certificate.pk]
    new = [each for each in chosen if each.revoked_at is None]
    for each in new:
        each.revoked_at, each.revocation_reason = now, reason.value
        each.save(update_fields=["revoked_at", "revocation_reason"])
    if reason is KEY_COMPROMISE:
        _note_compromise(certificate)
    return new


def _note_compromise(certificate: IssuedCertificate) -> None:
    """That a key is compromised may come out later. It is listed anew, and certified no more."""
    if certificate.revocation_reason != KEY_COMPROMISE.value:
        certificate.revocation_reason, certificate.crl_number = KEY_COMPROMISE.value, None
        certificate.save(update_fields=["revocation_reason", "crl_number"])


def _line_of(certificate: IssuedCertificate) -> list[IssuedCertificate]:
    if certificate.enrolment_id is None:
        return []
    line = IssuedCertificate.objects.filter(enrolment_id=certificate.enrolment_id, line=certificate.line)
    return list(line.order_by("id"))
