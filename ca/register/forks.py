"""Forked lineages: a key that was replaced asks for a successor of its own.

A certificate's lineage is the certificate and its successors, each requested with the key of the one before.
A replaced key that asks for more means that two parties hold keys of one lineage: a thief has the old key, or a
thief renewed first and the holder is the one who is refused. The authority cannot tell which. It renews no
certificate of the lineage until the operator decides (``manage.py lineage``), and raises an alarm until then.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from ca.authority.requests import CertificationRequest
from ca.register.models import Enrolment, IssuedCertificate, LineageFork
from sender_constraint.django.alarms import alarms

ALARM = "lineage-fork"


def suspend_lineage(replaced: IssuedCertificate, request: CertificationRequest, now: datetime) -> None:
    """Record that a replaced certificate asked for another key, once, and raise the alarm."""
    with transaction.atomic():
        Enrolment.objects.select_for_update().get(pk=replaced.enrolment_id)
        LineageFork.objects.get_or_create(
            replaced=replaced,
            decision="",
            defaults={"public_key_digest": request.public_key_digest, "detected_at": now},
        )
    update_alarm(now)


def open_forks(now: datetime) -> list[LineageFork]:
    """Those about which the operator has something to decide, oldest first.

    Not those whose lineage has no certificate left that is valid or could renew itself.
    """
    undecided = LineageFork.objects.filter(decision="").select_related("replaced__enrolment__participant")
    return [fork for fork in undecided.order_by("id") if usable_certificates(fork.replaced, now)]


def usable_certificates(record: IssuedCertificate, now: datetime) -> list[IssuedCertificate]:
    """The certificates of the lineage of this one that are valid or could renew themselves, oldest first."""
    enrolment = record.enrolment
    if enrolment is None:
        return []
    renewable = timedelta(seconds=settings.RENEWAL_AFTER_EXPIRY_SECONDS)
    since = now - renewable if enrolment.line == record.line else now
    lineage = enrolment.certificates.filter(line=record.line, revoked_at=None, not_after__gte=since)
    return list(lineage.order_by("id"))


def update_alarm(now: datetime) -> None:
    """Raise the alarm about the forks that wait for the operator, or clear it where none does."""
    forks = open_forks(now)
    if not forks:
        alarms().cleared(ALARM)
        return
    told = "; ".join(f"{fork.replaced.enrolment}, replaced certificate {fork.replaced}" for fork in forks)
    serials = [fork.replaced.serial for fork in forks]
    alarms().raised(
        ALARM,
        "critical",
        f"a replaced key asked for another successor, and renewals of its lineage are suspended: {told}; "
        "decide with `manage.py lineage`",
        state=",".join(serials),
        participants=sorted({fork.replaced.enrolment.participant.name for fork in forks}),
    )
