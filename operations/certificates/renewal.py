"""The renewal of a Django service's certificates, in the background, with the alarms that belong to it.

``CERTIFICATE_ISSUER`` names the function that makes the issuer of a declared store; without it, the
store is filled by EST. An authority that issues to itself names its own, a function like ``est_issuer``.
"""

import logging
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.utils.module_loading import import_string

from operations.alarms.service import alarms
from operations.audit.trail import trail
from operations.certificates.issuers import revoked_issuer
from operations.certificates.stores import DeclaredStore, declared_stores
from operations.expiries.levels import BY_ITSELF, level_of
from operations.tasks.background import BackgroundTask, background_task
from operations.tasks.ledger import Run
from sender_constraint.certificates.errors import BrokenGeneration, NoGeneration, StoreUnwritable
from sender_constraint.certificates.est import EstClient
from sender_constraint.certificates.generations import Generation
from sender_constraint.certificates.issuance import EstIssuer, Issuer
from sender_constraint.certificates.placed import ensure_placed
from sender_constraint.certificates.rotation import Action, RenewalOutcome, ensure_generation
from sender_constraint.core.clock import utc_now
from sender_constraint.core.events import LEVELS, Level
from sender_constraint.core.revocation import State
from sender_constraint.django.conf import library_settings
from sender_constraint.django.status import certificate_status

logger = logging.getLogger(__name__)

TASK = "certificates"
EST_ISSUER = "operations.certificates.renewal.est_issuer"

# In what state a service's certificate is, where something is wrong with it.
Trouble = Literal[
    "missing", "broken", "refused", "revoked", "of a revoked issuer", "expired", "unwritable", "overdue"
]


def certificate_renewal(seconds: float) -> BackgroundTask:
    """The task that looks at the certificates every so often: a thirtieth of their lifetime is good."""
    return BackgroundTask(TASK, __name__, seconds, "renews this service's certificates")


@background_task(TASK)
def renew_certificates(run: Run) -> None:
    """Look at every declared store. Idempotent, and one worker at a time."""
    stores = declared_stores()
    for purpose in {"client", "server"} - stores.keys():
        alarms().cleared(f"certificate-{purpose}")  # the settings no longer declare it: none is missing

    def renew(declared: DeclaredStore) -> None:
        _replace_if_issuer_revoked(declared)
        outcome = ensure(declared)
        _tell(run, declared, outcome)
        _sound(declared, outcome, utc_now())
        try:
            record(declared, outcome)
        except OSError as error:
            # The disk that took no certificate takes no line of the trail either: the next store comes first.
            logger.error("the trail could not be written: %s", error)

    run.each(stores.values(), renew, lambda declared: f"the {declared.purpose} certificate")


def ensure(declared: DeclaredStore) -> RenewalOutcome:
    """Do what a declared store needs now: take in what was placed, or enrol, or renew. Never raises."""
    if declared.placed is not None:
        return ensure_placed(declared.store, declared.placed)
    return ensure_generation(declared.store, issuer_of(declared))


def est_issuer(declared: DeclaredStore) -> Issuer:
    """The issuer behind ``EST_URL``."""
    bundle = library_settings().trust_bundle
    est = EstClient(settings.EST_URL, bundle)
    return EstIssuer(est, declared.names, declared.participant, declared.secret_file, bundle)


def issuer_of(declared: DeclaredStore) -> Issuer:
    """The issuer of a declared store, by the setting ``CERTIFICATE_ISSUER``."""
    issuer: Issuer = import_string(getattr(settings, "CERTIFICATE_ISSUER", EST_ISSUER))(declared)
    return issuer


def trouble_of(
    outcome: RenewalOutcome, now: datetime, *, revoked: bool, issuer_revoked: bool = False
) -> tuple[Trouble, Level] | None:
    """What is wrong after a look, and how loud that is at least; None if nothing is.

    revoked: the certificate. issuer_revoked: an authority in its chain.
    The remaining life makes it louder: see ``expiries.BY_ITSELF``.
    """
    generation = outcome.generation
    if generation is None:
        return ("broken" if isinstance(outcome.error, BrokenGeneration) else "missing"), "critical"
    if revoked:
        return "revoked", "critical"
    if outcome.action in (Action.ENROLLED, Action.RENEWED):
        return None
    if issuer_revoked:
        return "of a revoked issuer", "critical"
    by_life = level_of(generation.obtained_at, generation.not_after, now, BY_ITSELF)
    if generation.is_expired(now):
        return ("refused" if outcome.is_refused else "expired"), "critical"
    if outcome.is_refused:
        return "refused", "critical"
    if outcome.broken is not None:
        return "broken", _louder("warning", by_life)
    if isinstance(outcome.error, StoreUnwritable):
        return "unwritable", _louder("warning", by_life)
    if outcome.action is Action.FAILED:
        return "overdue", _louder("notice", by_life)
    return None if by_life is None else ("overdue", by_life)


def record(declared: DeclaredStore, outcome: RenewalOutcome) -> None:
    """Write what was done about a certificate to the trail and the log."""
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


def _tell(run: Run, declared: DeclaredStore, outcome: RenewalOutcome) -> None:
    what = f"{declared.purpose} certificate"
    if outcome.action is Action.NOT_DUE:
        return
    run.found(f"{what}: {outcome.broken or 'due'}")
    if outcome.action is Action.BUSY:
        run.has_done(f"{what}: another worker is renewing it")
    elif outcome.action is Action.FAILED:
        run.failed(f"{what}: {outcome.error}")
    else:
        until = outcome.generation.not_after.isoformat() if outcome.generation else "?"
        run.has_done(f"{what}: {outcome.action}, until {until}")


def _sound(declared: DeclaredStore, outcome: RenewalOutcome, now: datetime) -> None:
    name = f"certificate-{declared.purpose}"
    generation = outcome.generation
    trouble = trouble_of(
        outcome,
        now,
        revoked=generation is not None and _is_revoked(generation),
        issuer_revoked=generation is not None and revoked_issuer(generation) is not None,
    )
    if trouble is None:
        alarms().cleared(name)
        return
    state, level = trouble
    until = f"; it expires at {generation.not_after.isoformat(timespec='seconds')}" if generation else ""
    reasons = dict.fromkeys(str(each) for each in (outcome.broken, outcome.error) if each)
    why = f": {'; '.join(reasons)}" if reasons else ""
    remedy = f"; put a new one-time secret in {declared.secret_file}"
    if declared.placed is not None:
        remedy = f"; put a new certificate in {declared.placed.certificate}"
    asks = remedy if state in ("refused", "revoked", "missing") else ""
    alarms().raised(
        name,
        level,
        f"The {declared.purpose} certificate is {state}{why}{until}{asks}",
        state=state,
        generation=generation.id if generation else None,
        not_after=generation.not_after.isoformat() if generation else None,
    )


def _is_revoked(generation: Generation) -> bool:
    """Whether the authority says so, as far as it can be asked: a renewal that is due would tell later."""
    if not library_settings().ocsp_url or len(generation.chain) < 2:
        return False
    status = certificate_status().status_of(generation.chain[0], generation.chain[1])
    return status is not None and status.state is State.REVOKED


def _replace_if_issuer_revoked(declared: DeclaredStore) -> None:
    """What a revoked authority certified is refused everywhere: its successor's is not due, but needed."""
    try:
        if revoked_issuer(declared.store.current()) is not None:
            declared.store.order_replacement()
    except (NoGeneration, BrokenGeneration):
        return  # the look itself tells of it
    except StoreUnwritable as problem:
        logger.warning("%s certificate is not replaced: %s", declared.purpose, problem)


def _louder(one: Level, other: Level | None) -> Level:
    return one if other is None or LEVELS[one] >= LEVELS[other] else other
