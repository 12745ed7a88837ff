"""Renewal: in the last third of a certificate's lifetime, by one worker at a time, safe to kill at any line.

What a worker that dies leaves behind is either the key of a request on its way, which the next one
takes up, or a generation that nothing points to, which is tidied away. What is current stays so. The key of
an answered renewal is kept too: the certificate that it replaced can only ask for this key again.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
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
    NoGeneration,
    StoreUnwritable,
)
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.rotation_steps import Step

Clock = Callable[[], datetime]
Renew = Callable[[ec.EllipticCurvePrivateKey, Generation], Sequence[x509.Certificate]]


def utc_now() -> datetime:
    """The clock on the wall."""
    return datetime.now(UTC)


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
