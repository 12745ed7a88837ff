"""Certificate rotation: enroll first, renew when due (also after expiry), one worker at a time.

A certificate is renewed in the last third of its lifetime. A one-time secret that was delivered starts a new
lineage of certificates, whatever the store holds: that is how an operator readmits a party whose certificate
was revoked, without a restart.

A worker may be killed at any line (``generations.Step``). It leaves behind the key of a request under way,
which the next worker uses again, or a generation that is not published and is removed later. The current
generation stays. The key of an answered renewal is kept too: the certificate that it replaced can only
request a certificate for this key again.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.certificates.csr import new_private_key, private_key_pem
from sender_constraint.certificates.errors import (
    BrokenGeneration,
    IssuanceFailed,
    IssuerRefused,
    IssuerUnreachable,
    NoEnrolmentSecret,
    NoGeneration,
    StoreUnwritable,
)
from sender_constraint.certificates.generations import Generation, GenerationStore, Step
from sender_constraint.certificates.issuance import Issuer
from sender_constraint.core.clock import Clock, utc_now

LOOK_AGAIN_SECONDS = 0.25

Renew = Callable[[ec.EllipticCurvePrivateKey, Generation], Sequence[x509.Certificate]]


class Action(StrEnum):
    """What was done about a certificate."""

    NOT_DUE = "not due"
    BUSY = "busy"  # another worker is at it
    ENROLLED = "enrolled"
    RENEWED = "renewed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RenewalOutcome:
    """What a look at a store found, and what it did.

    generation: the one that is current now, or serves in place of a broken one; None if there is none.
    previous_id: the one that it replaced, if it did.
    due_at: from when on it is to be renewed.
    error: why it failed; the next look tries again.
    broken: what is wrong with the current one, where another serves in its place.
    """

    action: Action
    generation: Generation | None
    due_at: datetime | None = None
    previous_id: str | None = None
    error: Exception | None = None
    broken: Exception | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the authority gives this party nothing more: it takes an operator and a new secret."""
        return isinstance(self.error, IssuerRefused) and self.error.is_final


@dataclass(frozen=True, slots=True)
class RenewalPolicy:
    """When to renew. The lifetime of a generation counts from when it was obtained, not from notBefore.

    due_fraction: how much of it passes before it is due.
    jitter_fraction: up to how much of it later; the same for every look at the same generation, so that
    many parties spread while all workers of one agree.
    """

    due_fraction: float = 2 / 3
    jitter_fraction: float = 1 / 20

    def due_at(self, generation: Generation) -> datetime:
        """When this generation is due for renewal."""
        digest = hashlib.sha256(generation.thumbprint.encode()).digest()
        jitter = int.from_bytes(digest[:4]) / 2**32 * self.jitter_fraction
        return generation.obtained_at + _lifetime(generation) * (self.due_fraction + jitter)


def renew_if_due(
    store: GenerationStore, renew: Renew, clock: Clock = utc_now, policy: RenewalPolicy | None = None
) -> RenewalOutcome:
    """Renew the current generation if it is due, or ordered to be replaced, unless another worker is at it.

    A broken one is due at once: the last good one serves, and renews itself, in its place.

    renew: gets the key and the generation that is to be replaced; returns the certificate and its issuers.
    Raises NoGeneration or BrokenGeneration if there is none that could be renewed; a failed renewal is
    an outcome and no exception, since the current generation goes on serving.
    """
    policy = policy or RenewalPolicy()
    seen = _look(store, clock, policy)
    if seen.action is Action.NOT_DUE:
        return seen
    try:
        with store.exclusive() as alone:
            if not alone:
                return replace(seen, action=Action.BUSY)
            seen = _look(store, clock, policy)  # again: whoever held the lock before us may have renewed it
            current = seen.generation
            if seen.action is Action.NOT_DUE or current is None:
                return seen
            generation = obtain(store, lambda key: renew(key, current), clock, current)
            store.keep_answered_key()
            if seen.broken is not None:
                # It may have the key of the broken one, which others may have read: a new one comes next.
                store.order_replacement()
    except (IssuanceFailed, BrokenGeneration, StoreUnwritable) as error:
        return replace(seen, action=Action.FAILED, error=error)
    return RenewalOutcome(Action.RENEWED, generation, policy.due_at(generation), previous_id=current.id)


def _look(store: GenerationStore, clock: Clock, policy: RenewalPolicy) -> RenewalOutcome:
    """What is there now: nothing to do, or a failure until something is done. Raises as ``renew_if_due``."""
    try:
        current = store.current()
    except (BrokenGeneration, NoGeneration) as broken:
        serving = store.last_good()
        return RenewalOutcome(Action.FAILED, serving, policy.due_at(serving), error=broken, broken=broken)
    is_due = clock() >= policy.due_at(current) or store.is_to_be_replaced(current)
    return RenewalOutcome(Action.FAILED if is_due else Action.NOT_DUE, current, policy.due_at(current))


def obtain(
    store: GenerationStore,
    issue: Callable[[ec.EllipticCurvePrivateKey], Sequence[x509.Certificate]],
    clock: Clock,
    replaced: Generation | None,
) -> Generation:
    """Get a certificate for the pending key and publish both. For the holder of the store's lock.

    The caller then settles the pending key: until that, the next worker recognises by it what was done.

    Raises IssuanceFailed, StoreUnwritable, or BrokenGeneration if what was issued does not belong together.
    Without an answer the key stays for the next attempt: the request may have arrived, its one-time secret
    with it, and is recognised by the key. Only after a 400, which is about the request, a new one is made.
    """
    key = _pending_key(store, replaced)
    try:
        chain = issue(key)
    except IssuerRefused as refusal:
        if refusal.status == HTTPStatus.BAD_REQUEST:
            store.drop_pending_key()
        raise
    store.after(Step.ANSWERED)
    chain_pem = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain)
    return store.publish(private_key_pem(key), chain_pem, clock())


def is_answered(store: GenerationStore, generation: Generation) -> bool:
    """Whether the pending key is this generation's: its request was answered, and the answer published."""
    kept = _read_key(store.pending_key())
    return kept is not None and kept.public_key() == generation.certificate.public_key()


def _pending_key(store: GenerationStore, replaced: Generation | None) -> ec.EllipticCurvePrivateKey:
    kept = _read_key(store.pending_key())
    if kept is not None and not (replaced and is_answered(store, replaced)):
        return kept
    fresh = new_private_key()
    store.keep_pending_key(private_key_pem(fresh))
    return fresh


def _read_key(pem: bytes | None) -> ec.EllipticCurvePrivateKey | None:
    """The key, if there is one that can be used: one that cannot shall not stand in the way of renewal."""
    try:
        key = serialization.load_pem_private_key(pem or b"", password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _lifetime(generation: Generation) -> timedelta:
    return generation.not_after - generation.obtained_at


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
