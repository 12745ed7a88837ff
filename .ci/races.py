"""Several do the same thing at the same time, on PostgreSQL: as if they came one after the other.

Runs in the container of the certificate authority: ``python - <.ci/races.py``. Exit status 1 where it came
out otherwise.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "ca.settings"
django.setup()

# ruff: noqa: E402 - models are there after Django is set up
from cryptography import x509
from django.db import connection

from ca.authority.refusals import EnrolmentRefused
from ca.authority.requests import CertificationRequest, verify_request
from ca.register.configuration import current_issuer, utc_now
from ca.register.models import Enrolment, IssuedCertificate, LineageFork
from ca.register.participants import Application, NotAdmitted, admit
from ca.status.forks import resume_lineage
from ca.status.revoking import revoke
from sender_constraint.certificates.csr import RequestedNames, first_request, new_private_key

Record = TypeVar("Record", Enrolment, IssuedCertificate)
RACERS = 8
NAMES = ("races.example", "more-races.example")


def at_once(do: Callable[[int], Any]) -> list[Any]:
    """What it gives to those who begin together and are not refused."""
    together = threading.Barrier(RACERS)

    def run(number: int) -> Any:
        together.wait()
        try:
            return do(number)
        except (EnrolmentRefused, NotAdmitted):
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(RACERS) as racers:
        return [result for result in racers.map(run, range(RACERS)) if result is not None]


def request_of(enrolment: Enrolment) -> CertificationRequest:
    """A request for its names, with a new key."""
    names = RequestedNames(enrolment.subject, dns=tuple(enrolment.san_dns))
    return verify_request(first_request(new_private_key(), names))


def admitted(number: int) -> Enrolment:
    """Another participant each time, who wants the same names in one order or the other."""
    names = NAMES[:: (-1) ** number]
    application = Application(f"racer-{number}", "client", f"CN=racer-{number}", san_dns=names)
    return admit(application, lambda _: None)


def races() -> Iterator[tuple[str, bool]]:
    """What must hold, and whether it does."""
    winners = at_once(admitted)
    yield "of those who want the same names one gets them", len(winners) == 1
    enrolment = winners[0]

    begun = at_once(lambda _: current_issuer().begin(again(enrolment), request_of(enrolment)).record)
    yield "of those who know one secret one begins with it", len(begun) == 1

    request = request_of(enrolment)
    answers = at_once(lambda _: current_issuer().renew(again(begun[0]), request).record)
    latest = answers[0]
    yield "who asks often for the same is answered", len(answers) == RACERS
    yield "and there is one certificate of it", len({record.pk for record in answers}) == 1

    forked = at_once(lambda _: current_issuer().renew(again(latest), request_of(enrolment)).record)
    yield "of keys that renew one certificate one gets a successor", len(forked) == 1
    yield "and the lineage is suspended", len(LineageFork.objects.filter(replaced=latest, decision="")) == 1
    resume_lineage(latest, utc_now())

    def renew_or_revoke(number: int) -> object:
        if number == 0:
            return revoke(again(forked[0]), x509.ReasonFlags.key_compromise, utc_now())
        return current_issuer().renew(again(forked[0]), request_of(enrolment))

    at_once(renew_or_revoke)
    left = IssuedCertificate.objects.filter(enrolment=enrolment, id__gte=forked[0].pk, revoked_at=None)
    yield "whoever renews while it is revoked has nothing that is not revoked", not left.exists()


def again(record: Record) -> Record:
    """As the database has it now, for each who looks at it."""
    found: Record = type(record)._default_manager.get(pk=record.pk)
    return found


def main() -> int:
    """Returns the exit status."""
    failed = [name for name, holds in races() if not holds]
    print("\n".join(f"does not hold: {name}" for name in failed) or "every race came out as it should")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
