"""Certificates of a Django service: what it declares, the task that renews, the command that enrols.

In ``settings.py``::

    from sender_constraint.django.renewal import declared_store

    SERVICE = "bank_api"
    AUDIT_DIR = environment.audit_directory()
    TRUST_BUNDLE = environment.trust_bundle()
    EST_URL = environment.text("EST_URL", "https://localhost:8440/.well-known/est")
    CERTIFICATE_STORES = {
        "server": declared_store(
            environment, "server", participant="bank-api",
            subject="CN=bank-api,O=Bank plc,C=GB", dns="localhost",
        ),
    }
    RENEWAL_CHECK_SECONDS = environment.number("RENEWAL_CHECK_SECONDS", 60)
    REDIS_URL = environment.text("REDIS_URL", "redis://localhost:6379/0")

In ``celery.py``::

    app = worker_of("bank_api")

``CERTIFICATE_ISSUER`` names the function that makes the issuer of a declared store; without it, the
store is filled by EST. An authority that issues to itself names its own, a function like ``est_issuer``.

In ``<app>/management/commands/enrol.py``::

    from sender_constraint.django.renewal import EnrolCommand

    class Command(EnrolCommand):
        '''Ensure that this service holds a valid certificate.'''

Whoever serves or calls reads the same store: ``GenerationStore(settings.CERTIFICATE_STORES["server"].path)``.
"""

import logging
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from celery import shared_task
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from sender_constraint.certificates.csr import RequestedNames
from sender_constraint.certificates.enrolment import ensure_generation, wait_for_generation
from sender_constraint.certificates.errors import BrokenGeneration
from sender_constraint.certificates.est import EstClient
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.issuance import EstIssuer, Issuer
from sender_constraint.certificates.renewal import Action, RenewalOutcome, utc_now
from sender_constraint.django.audit import trail
from sender_constraint.server.environment import ServiceEnvironment

logger = logging.getLogger(__name__)

RENEWAL_TASKS = ("sender_constraint.django.renewal",)
RENEWAL_TASK = "sender_constraint.renew_certificates"
EST_ISSUER = "sender_constraint.django.renewal.est_issuer"


@dataclass(frozen=True, slots=True)
class DeclaredStore:
    """A store of generations, and what it takes to fill it.

    purpose: ``client`` or ``server``. participant: the name that the certificate authority knows.
    secret_file: where the one-time secret of the first enrolment is delivered.
    """

    purpose: str
    path: Path
    participant: str
    names: RequestedNames
    secret_file: Path

    @property
    def store(self) -> GenerationStore:
        """The store on disk."""
        return GenerationStore(self.path)


def declared_store(
    environment: ServiceEnvironment,
    purpose: str,
    *,
    participant: str,
    subject: str,
    dns: str = "",
    uris: str = "",
) -> DeclaredStore:
    """The store of one purpose in the service's state directory.

    The arguments are defaults: the settings ``PARTICIPANT``, ``CERTIFICATE_SUBJECT`` (RFC 4514),
    ``CERTIFICATE_SAN_DNS`` and ``CERTIFICATE_SAN_URI`` (separated by commas) override them.
    """
    return DeclaredStore(
        purpose=purpose,
        path=environment.state / "certificates" / purpose,
        participant=environment.text("PARTICIPANT", participant),
        names=RequestedNames(
            subject=environment.text("CERTIFICATE_SUBJECT", subject),
            dns=tuple(environment.words("CERTIFICATE_SAN_DNS", dns)),
            uris=tuple(environment.words("CERTIFICATE_SAN_URI", uris)),
        ),
        secret_file=environment.state / "enrolment" / f"{purpose}.secret",
    )


def renewal_schedule(seconds: float) -> dict[str, dict[str, Any]]:
    """A beat schedule that looks at the certificates every so often: a thirtieth of their lifetime is good.

    A look that waited for longer than that is dropped: the next one is there already.
    """
    entry = {"task": RENEWAL_TASK, "schedule": float(seconds), "options": {"expires": float(seconds)}}
    return {RENEWAL_TASK: entry}


def est_issuer(declared: DeclaredStore) -> Issuer:
    """The issuer behind ``EST_URL``."""
    est = EstClient(settings.EST_URL, settings.TRUST_BUNDLE)
    return EstIssuer(est, declared.names, declared.participant, declared.secret_file, settings.TRUST_BUNDLE)


def ensure_declared(declared: DeclaredStore) -> RenewalOutcome:
    """Do what a declared store needs now, and record what was done. Raises BrokenGeneration."""
    outcome = ensure_generation(declared.store, _issuer_of(declared))
    _record(declared, outcome)
    return outcome


@shared_task(name=RENEWAL_TASK, ignore_result=True)
def renew_certificates() -> None:
    """Look at every declared store. Idempotent, and one worker at a time.

    A failure is tried again by the next look: the schedule is the retry, with ten looks in the last third
    of a lifetime. A delayed retry of Celery's would do harm here: the worker holds it unacknowledged, and
    with such a message in hand it ends when its Redis goes away, instead of waiting for it.
    """
    for declared in declared_stores().values():
        try:
            ensure_declared(declared)
        except BrokenGeneration as error:
            # One broken store must not keep the others from being renewed; repairing it takes an operator.
            logger.error("%s certificate: %s", declared.purpose, error)


def declared_stores() -> Mapping[str, DeclaredStore]:
    """The setting ``CERTIFICATE_STORES``, by purpose."""
    stores: Mapping[str, DeclaredStore] = settings.CERTIFICATE_STORES
    return stores


class EnrolCommand(BaseCommand):
    """Ensures that every declared store holds a valid generation; does nothing where it does."""

    help = (
        "Ensure that this service holds a valid certificate: nothing to do, a first enrolment with the "
        "one-time secret, or a renewal, of an expired one too."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add ``--wait``."""
        parser.add_argument(
            "--wait",
            type=float,
            default=30.0,
            metavar="SECONDS",
            help="how long to wait for a certificate authority that does not answer yet (default: 30)",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Ensure each store in turn; raise CommandError if one stays without a valid certificate."""
        for declared in declared_stores().values():
            self._ensure(declared, options["wait"])

    def _ensure(self, declared: DeclaredStore, seconds: float) -> None:
        try:
            issuer = _issuer_of(declared)
            outcome = wait_for_generation(lambda: ensure_generation(declared.store, issuer), seconds=seconds)
        except BrokenGeneration as error:
            raise CommandError(f"{declared.purpose} certificate: {error}") from error
        _record(declared, outcome)
        generation = outcome.generation
        if generation is None or generation.is_expired(utc_now()):
            raise CommandError(f"no valid {declared.purpose} certificate: {outcome.error or outcome.action}")
        if outcome.error is not None:
            self.stderr.write(f"{declared.purpose} certificate is not renewed yet: {outcome.error}")
        subject = generation.certificate.subject.rfc4514_string()
        until = generation.not_after.isoformat()
        self.stdout.write(f"{declared.purpose} certificate {outcome.action}: {subject}, until {until}")
        self.stdout.write(f"  x5t#S256 {generation.thumbprint}")


def _issuer_of(declared: DeclaredStore) -> Issuer:
    issuer: Issuer = import_string(getattr(settings, "CERTIFICATE_ISSUER", EST_ISSUER))(declared)
    return issuer


def _record(declared: DeclaredStore, outcome: RenewalOutcome) -> None:
    if outcome.action in {Action.NOT_DUE, Action.BUSY}:
        return
    if outcome.action is Action.FAILED:
        logger.warning("%s certificate not renewed: %s", declared.purpose, outcome.error)
    else:
        logger.info("%s certificate %s", declared.purpose, outcome.action)
    generation = outcome.generation
    trail().record(
        f"certificate.{outcome.action}",
        "refused" if outcome.action is Action.FAILED else "accepted",
        thumbprint=generation.thumbprint if generation else None,
        client_id=declared.participant,
        description=str(outcome.error) if outcome.error else None,
        detail={
            "purpose": declared.purpose,
            "generation": generation.id if generation else None,
            "previous_generation": outcome.previous_id,
            "not_after": generation.not_after.isoformat() if generation else None,
        },
    )
