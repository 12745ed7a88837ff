"""A store that is to hold a valid generation: enrolled first, renewed when due, also after its expiry."""

import time
from collections.abc import Callable

from sender_constraint.certificates.errors import (
    BrokenGeneration,
    IssuanceFailed,
    IssuerUnreachable,
    NoEnrolmentSecret,
    NoGeneration,
)
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.issuance import Issuer
from sender_constraint.certificates.renewal import (
    Action,
    Clock,
    RenewalOutcome,
    RenewalPolicy,
    obtain,
    renew_if_due,
    utc_now,
)

LOOK_AGAIN_SECONDS = 0.25


def ensure_generation(
    store: GenerationStore, issuer: Issuer, clock: Clock = utc_now, policy: RenewalPolicy | None = None
) -> RenewalOutcome:
    """Do what the store needs now: nothing, a first enrolment, or a renewal, of an expired one too.

    Where the renewal of an expired generation fails, a first enrolment follows if there is a secret for it.
    Never raises for a failed issuance: the outcome says so. Raises BrokenGeneration if the current
    generation cannot be read, which takes an operator.
    """
    policy = policy or RenewalPolicy()
    try:
        outcome = renew_if_due(store, issuer.next, clock, policy)
    except NoGeneration as nothing:
        return _first(store, issuer, clock, policy, RenewalOutcome(Action.FAILED, None, error=nothing))
    if outcome.action is Action.RENEWED and outcome.generation is not None:
        issuer.published(outcome.generation)
    expired = outcome.generation is not None and outcome.generation.is_expired(clock())
    if outcome.action is Action.FAILED and expired:
        return _first(store, issuer, clock, policy, outcome)
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


def _first(
    store: GenerationStore, issuer: Issuer, clock: Clock, policy: RenewalPolicy, failed: RenewalOutcome
) -> RenewalOutcome:
    with store.exclusive() as alone:
        if not alone:
            return RenewalOutcome(Action.BUSY, failed.generation)
        previous_id = failed.generation.id if failed.generation else None
        if store.current_id() != previous_id:  # whoever held the lock before us was faster
            return RenewalOutcome(Action.NOT_DUE, store.current())
        try:
            generation = obtain(store, issuer.first, clock)
        except NoEnrolmentSecret as missing:
            # With an expired generation the renewal's failure is the news; that no secret is left is not.
            error = failed.error if failed.generation else missing
            return RenewalOutcome(Action.FAILED, failed.generation, error=error)
        except (IssuanceFailed, BrokenGeneration) as error:
            return RenewalOutcome(Action.FAILED, failed.generation, error=error)
    issuer.published(generation)
    return RenewalOutcome(Action.ENROLLED, generation, policy.due_at(generation), previous_id)


def _may_come(outcome: RenewalOutcome, clock: Clock) -> bool:
    """Whether there is nothing valid yet, for a reason that passes."""
    if outcome.generation is not None and not outcome.generation.is_expired(clock()):
        return False
    return outcome.action is Action.BUSY or isinstance(outcome.error, IssuerUnreachable)
