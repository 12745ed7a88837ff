"""A store that is to hold a valid generation: enrolled first, renewed when due, also after its expiry.

A delivered one-time secret begins a new line of certificates, whatever the store holds: that is how an
operator readmits a party whose certificate was revoked, and nobody needs to restart anything.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from sender_constraint.certificates.errors import (
    BrokenGeneration,
    IssuanceFailed,
    IssuerUnreachable,
    NoEnrolmentSecret,
    NoGeneration,
    StoreUnwritable,
)
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.issuance import Issuer
from sender_constraint.certificates.renewal import (
    Action,
    Clock,
    RenewalOutcome,
    RenewalPolicy,
    is_answered,
    obtain,
    renew_if_due,
    utc_now,
)
from sender_constraint.certificates.rotation_steps import Step

LOOK_AGAIN_SECONDS = 0.25


def ensure_generation(
    store: GenerationStore, issuer: Issuer, clock: Clock = utc_now, policy: RenewalPolicy | None = None
) -> RenewalOutcome:
    """Do what the store needs now: nothing, an enrolment, or a renewal, of an expired one too.

    With a delivered secret that is an enrolment. Without one, a party that is admitted without (an
    authority itself) enrols where its certificate is expired, or cannot be renewed.
    Never raises: what could not be done is in the outcome, and the next look tries again.
    """
    policy = policy or RenewalPolicy()
    enrolment = None
    if secret := issuer.delivered_secret():
        enrolment = _enrol(store, issuer, clock, policy, _nothing_yet(store, policy), secret)
        if enrolment.action is not Action.FAILED:
            return enrolment
    try:
        outcome = renew_if_due(store, issuer.next, clock, policy)
    except (NoGeneration, BrokenGeneration) as nothing:
        outcome = RenewalOutcome(Action.FAILED, None, error=nothing)
    if enrolment is not None:
        # That a secret is there and not accepted is the news, unless it did no harm.
        return outcome if outcome.action is Action.RENEWED else replace(enrolment, broken=outcome.broken)
    if outcome.action is Action.FAILED and _may_begin_anew(outcome, clock):
        return _enrol(store, issuer, clock, policy, outcome, None)
    return outcome


def wait_for_generation(
    ensure: Callable[[], RenewalOutcome],
    clock: Clock = utc_now,
    *,
    seconds: float,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> RenewalOutcome:
    """Ensure; while another worker is at it, or the authority is not up yet, again until it is valid.

    seconds: for how long; then the last outcome is returned, whatever it is.
    """
    deadline = monotonic() + seconds
    outcome = ensure()
    while _may_come(outcome, clock) and monotonic() < deadline:
        sleep(LOOK_AGAIN_SECONDS)
        outcome = ensure()
    return outcome


def _may_begin_anew(failed: RenewalOutcome, clock: Clock) -> bool:
    generation = failed.generation
    return failed.is_refused or generation is None or generation.is_expired(clock())


def _nothing_yet(store: GenerationStore, policy: RenewalPolicy) -> RenewalOutcome:
    try:
        serving = store.last_good()
    except (NoGeneration, BrokenGeneration) as nothing:
        return RenewalOutcome(Action.FAILED, None, error=nothing)
    return RenewalOutcome(Action.FAILED, serving, policy.due_at(serving))


def _enrol(
    store: GenerationStore,
    issuer: Issuer,
    clock: Clock,
    policy: RenewalPolicy,
    failed: RenewalOutcome,
    secret: str | None,
) -> RenewalOutcome:
    """Enrol; the outcome is ``failed``, with the reason, where that cannot be done."""
    previous = failed.generation
    try:
        with store.exclusive() as alone:
            if not alone:
                return replace(failed, action=Action.BUSY, error=None)
            if _is_done(store, issuer, previous, secret):
                current = store.current()
                return RenewalOutcome(Action.NOT_DUE, current, policy.due_at(current))
            if secret is not None:
                store.bind_pending_key(secret)
            generation = obtain(store, issuer.first, clock, previous)
            issuer.published(generation)
            store.after(Step.SECRET_REMOVED)
            store.drop_pending_key()
    except NoEnrolmentSecret as missing:
        # With a generation its renewal's failure is the news; that no secret is left is not.
        return (
            failed
            if previous or isinstance(failed.error, BrokenGeneration)
            else replace(failed, error=missing)
        )
    except (IssuanceFailed, BrokenGeneration, StoreUnwritable) as error:
        return replace(failed, error=error)
    previous_id = previous.id if previous else None
    return RenewalOutcome(Action.ENROLLED, generation, policy.due_at(generation), previous_id)


def _is_done(store: GenerationStore, issuer: Issuer, previous: Generation | None, secret: str | None) -> bool:
    """Whether whoever held the lock before us was faster, or died with nothing left to do but to tidy up."""
    if secret is None:
        return store.current_id() not in (None, previous.id if previous else None) and _is_whole(store)
    if issuer.delivered_secret() != secret:
        return _is_whole(store)
    if store.pending_is_for(secret) and _is_whole(store) and is_answered(store, store.current()):
        issuer.published(store.current())
        store.drop_pending_key()
        return True
    return False


def _is_whole(store: GenerationStore) -> bool:
    try:
        store.current()
    except (NoGeneration, BrokenGeneration):
        return False
    return True


def _may_come(outcome: RenewalOutcome, clock: Clock) -> bool:
    """Whether there is nothing valid yet, for a reason that passes."""
    if outcome.generation is not None and not outcome.generation.is_expired(clock()):
        return False
    return outcome.action is Action.BUSY or isinstance(outcome.error, IssuerUnreachable)
