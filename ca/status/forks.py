"""Deciding about a forked lineage: its latest certificate continues it, or it ends."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from ca.authority.reasons import KEY_COMPROMISE, SUPERSEDED
from ca.register.forks import update_alarm, usable_certificates
from ca.register.models import Enrolment, IssuedCertificate, LineageFork
from ca.status.revoking import revoke


class NothingToDecide(Exception):
    """The certificate's lineage is not forked, or that was decided. The message is for the operator."""


@dataclass(frozen=True, slots=True)
class Decided:
    """forks: those that were decided. revoked: the certificates that were revoked with it."""

    forks: tuple[LineageFork, ...]
    revoked: tuple[IssuedCertificate, ...]


def resume_lineage(certificate: IssuedCertificate, now: datetime) -> Decided:
    """Let the latest certificate of a lineage renew itself again. Raises NothingToDecide.

    The replaced certificates that asked are revoked as superseded: their keys suspend nothing again.
    """
    with transaction.atomic():
        forks = _decide(certificate, LineageFork.RESUMED, now)
        asked = [fork.replaced for fork in forks if fork.replaced.revoked_at is None]
        revoked = tuple(revoke(each, SUPERSEDED, now, by_operator=True).record for each in asked)
    update_alarm(now)
    return Decided(forks, revoked)


def revoke_lineage(certificate: IssuedCertificate, now: datetime) -> Decided:
    """End a lineage: its keys are compromised, and its participant enrols again. Raises NothingToDecide."""
    revoked: tuple[IssuedCertificate, ...] = ()
    with transaction.atomic():
        forks = _decide(certificate, LineageFork.REVOKED, now)
        if usable := usable_certificates(forks[0].enrolment, forks[0].line, now):
            earliest = revoke(usable[0], KEY_COMPROMISE, now, by_operator=True)
            revoked = (earliest.record, *earliest.also)
    update_alarm(now)
    return Decided(forks, revoked)


def _decide(certificate: IssuedCertificate, decision: str, now: datetime) -> tuple[LineageFork, ...]:
    undecided = LineageFork.objects.filter(
        enrolment=certificate.enrolment_id, line=certificate.line, decision=""
    )
    if certificate.enrolment_id is not None:
        # The lock of every renewal and revocation.
        Enrolment.objects.select_for_update().get(pk=certificate.enrolment_id)
    forks = tuple(undecided.select_related("replaced", "enrolment__participant").order_by("id"))
    if not forks:
        raise NothingToDecide(
            f"the lineage of {certificate} has no fork to decide about: see `manage.py lineage list`"
        )
    undecided.update(decision=decision, decided_at=now)
    return forks
