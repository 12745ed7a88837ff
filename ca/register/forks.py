"""Forked lineages: a key that was replaced asks for a successor of its own.

A certificate's lineage is the certificate and its successors, each requested with the key of the one before.
A replaced key that asks for more means that two parties hold keys of one lineage: a thief has the old key, or
a thief renewed first and the holder is the one who is refused. The authority cannot tell which. It renews no
certificate of the lineage until the operator decides (``manage.py lineage``), and raises an alarm until then.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from ca.authority.requests import CertificationRequest
from ca.register.models import Enrolment, IssuedCertificate, LineageFork
from operations.alarms.service import alarms

ALARM = "lineage-fork"


def suspend_lineage(replaced: IssuedCertificate, request: CertificationRequest, now: datetime) -> None:
    """Record that a replaced certificate asked for another key, once, and raise the alarm."""
    if replaced.enrolment is None:
        return  # of no lineage: EST does not renew it
    with transaction.atomic():
        Enrolment.objects.select_for_update().get(pk=replaced.enrolment.pk)
        LineageFork.objects.get_or_create(
            replaced=replaced,
            decision="",
            defaults={
                "enrolment": replaced.enrolment,
                "line": replaced.line,
                "public_key_digest": request.public_key_digest,
                "detected_at": now,
            },
        )
    update_alarm(now)


def open_forks(now: datetime) -> list[LineageFork]:
    """Those about which the operator has something to decide, oldest first.

    Not those whose lineage has no certificate left that is valid or could renew itself.
    """
    undecided = LineageFork.objects.filter(decision="").select_related("replaced", "enrolment__participant")
    return [fork for fork in undecided.order_by("id") if usable_certificates(fork.enrolment, fork.line, now)]


def usable_certificates(enrolment: Enrolment, line: int, now: datetime) -> list[IssuedCertificate]:
    """The certificates of a lineage that are valid or could renew themselves, oldest first."""
    renewable = timedelta(seconds=settings.RENEWAL_AFTER_EXPIRY_SECONDS)
    since = now - renewable if enrolment.line == line else now
    return list(
        enrolment.certificates.filter(line=line, revoked_at=None, not_after__gte=since).order_by("id")
    )


def update_alarm(now: datetime) -> None:
    """Raise the alarm about forks that await the operator's decision, or clear it if there are none."""
    forks = open_forks(now)
    if not forks:
        alarms().cleared(ALARM)
        return
    told = "; ".join(f"{fork.enrolment}, replaced certificate {fork.replaced}" for fork in forks)
    alarms().raised(
        ALARM,
        "critical",
        f"A replaced key requested another successor; renewals of its lineage are suspended: {told}; "
        "decide with `manage.py lineage`",
        state=",".join(fork.replaced.serial for fork in forks),
        participants=sorted({fork.enrolment.participant.name for fork in forks}),
    )
