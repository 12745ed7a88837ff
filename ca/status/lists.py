"""Publishing revocation lists: one for each authority, numbered, in the database that all processes share.

RFC 5280 §5 and §3.3 (https://www.rfc-editor.org/rfc/rfc5280).
"""

from contextlib import suppress
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from ca.authority.hierarchy import CertificateAuthority
from ca.authority.reasons import reason_named
from ca.authority.revocation_lists import Revocation, sign_list
from ca.register.models import IssuedCertificate
from ca.status.authorities import StatusAuthority
from ca.status.models import RevocationList
from sender_constraint.core.guidance import RETRY_LATER
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django.problems import ServiceUnavailable

ATTEMPTS = 10

LIST = rule("crl.published", "RFC 5280 §5", "This CA has not published a revocation list yet.").explained(
    "a published revocation list", "none so far", RETRY_LATER
)


def latest_list(authority: StatusAuthority) -> RevocationList | None:
    """The list to show; None where none was published yet."""
    return RevocationList.objects.filter(issuer=authority.identity).order_by("-number").first()


@enforces(LIST)
def check_published(latest: RevocationList | None) -> RevocationList:
    """Nothing is shown in place of a list. Raises ServiceUnavailable."""
    if latest is None:
        raise ServiceUnavailable(
            LIST, "The revocation list is not published yet; run `./scripts/manage ca publish_lists`"
        )
    return latest


def list_is_due(authority: StatusAuthority, now: datetime) -> bool:
    """Whether it is time for a new list: by schedule, or because a revocation is in none yet."""
    return _is_scheduled(latest_list(authority), authority, now) or _unlisted(authority).exists()


def publish_list(authority: StatusAuthority, now: datetime) -> RevocationList:
    """Publish the next list. Raises NoAuthority where the authority's key is away.

    Of two processes that chose the same number one finds it taken, and begins again with what is revoked
    by then: a list never knows less than one with a smaller number.
    """
    signer = authority.load()
    for _ in range(ATTEMPTS):
        with suppress(IntegrityError):
            return _publish(authority, signer, now)
    raise RuntimeError(f"{ATTEMPTS} others published a list of {authority.name} at the same time")


def publish_list_if_due(authority: StatusAuthority, now: datetime) -> RevocationList | None:
    """Publish the next list if it is time for it, and nobody else is doing so. Raises NoAuthority.

    Where others are always first, what is due is in their lists by now, or the next look publishes it.
    """
    for _ in range(ATTEMPTS):
        if not list_is_due(authority, now):
            break
        with suppress(IntegrityError):
            return _publish(authority, authority.load(), now)
    return None


def _publish(authority: StatusAuthority, signer: CertificateAuthority, now: datetime) -> RevocationList:
    with transaction.atomic():
        # The number before the revocations: whoever takes a smaller one has seen no more than we shall.
        latest = latest_list(authority)
        number = latest.number + 1 if latest else 1
        scheduled_at = latest.scheduled_at if latest and not _is_scheduled(latest, authority, now) else now
        records = list(_listed(authority, latest).defer("der").order_by("id"))
        next_update = now + authority.list_lifetime
        revocations = [_revocation(record) for record in records]
        published = RevocationList.objects.create(
            issuer=authority.identity,
            number=number,
            der=sign_list(signer, revocations, number, now, next_update),
            this_update=now,
            next_update=next_update,
            scheduled_at=scheduled_at,
        )
        if RevocationList.objects.filter(issuer=authority.identity, number__gt=number).exists():
            # Our number was free only because a later list has removed the one that had it.
            raise IntegrityError(f"a later list than number {number} is published")
        first_listed = [record.pk for record in records if record.crl_number is None]
        IssuedCertificate.objects.filter(pk__in=first_listed).update(crl_number=number)
        RevocationList.objects.filter(issuer=authority.identity, number__lt=number).delete()
    return published


def _is_scheduled(latest: RevocationList | None, authority: StatusAuthority, now: datetime) -> bool:
    return latest is None or now >= latest.scheduled_at + authority.list_interval


def _listed(authority: StatusAuthority, latest: RevocationList | None) -> QuerySet[IssuedCertificate]:
    """RFC 5280 §3.3: what has expired leaves the list after it stood in one scheduled list beyond its end."""
    revoked = IssuedCertificate.objects.filter(issuer=authority.identity, revoked_at__isnull=False)
    if latest is None:
        return revoked
    since = latest.scheduled_at
    return revoked.filter(Q(not_after__gte=since) | Q(revoked_at__gte=since) | Q(crl_number=None))


def _unlisted(authority: StatusAuthority) -> QuerySet[IssuedCertificate]:
    return IssuedCertificate.objects.filter(
        issuer=authority.identity, revoked_at__isnull=False, crl_number=None
    )


def _revocation(record: IssuedCertificate) -> Revocation:
    assert record.revoked_at is not None  # noqa: S101 - the query asks for it
    return Revocation(int(record.serial, 16), record.revoked_at, reason_named(record.revocation_reason))
