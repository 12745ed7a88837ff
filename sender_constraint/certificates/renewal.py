"""Renewal: in the last third of a certificate's lifetime, by one worker at a time, safe to kill at any line.

What a worker that dies leaves behind is either the key of a request on its way, which the next one
takes up, or a generation that nothing points to, which is tidied away. What is current stays so.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.certificates.csr import new_private_key, private_key_pem
from sender_constraint.certificates.errors import BrokenGeneration, IssuanceFailed, IssuerRefused
from sender_constraint.certificates.generations import Generation, GenerationStore

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

    generation: the one that is current now, None if there is none.
    previous_id: the one that it replaced, if it did.
    due_at: from when on the current one is to be renewed.
    error: why it failed; the next look tries again.
    """

    action: Action
    generation: Generation | None
    due_at: datetime | None = None
    previous_id: str | None = None
    error: Exception | None = None


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
    """Renew the current generation if it is due, unless another worker is at it.

    renew: gets the key and the generation that is to be replaced; returns the certificate and its issuers.
    Raises NoGeneration or BrokenGeneration if there is none that could be renewed; a failed renewal is
    an outcome and no exception, since the current generation goes on serving.
    """
    policy = policy or RenewalPolicy()
    seen = store.current()
    if clock() < policy.due_at(seen):
        return RenewalOutcome(Action.NOT_DUE, seen, policy.due_at(seen))
    with store.exclusive() as alone:
        if not alone:
            return RenewalOutcome(Action.BUSY, seen, policy.due_at(seen))
        current = store.current()  # again: whoever held the lock before us may have renewed it
        if clock() < policy.due_at(current):
            return RenewalOutcome(Action.NOT_DUE, current, policy.due_at(current))
        try:
            generation = obtain(store, lambda key: renew(key, current), clock)
        except (IssuanceFailed, BrokenGeneration) as error:
            return RenewalOutcome(Action.FAILED, current, policy.due_at(current), error=error)
    return RenewalOutcome(Action.RENEWED, generation, policy.due_at(generation), previous_id=current.id)


def obtain(
    store: GenerationStore,
    issue: Callable[[ec.EllipticCurvePrivateKey], Sequence[x509.Certificate]],
    clock: Clock,
) -> Generation:
    """Get a certificate for the pending key and publish both. For the holder of the store's lock.

    Raises IssuanceFailed, or BrokenGeneration if what was issued does not belong together. Without an
    answer the key stays for the next attempt: the request may have arrived, its one-time secret with it,
    and is recognised by the key. Only after a 400, which is about the request, a new one is made.
    """
    key = _pending_key(store)
    try:
        chain = issue(key)
    except IssuerRefused as refusal:
        if refusal.status == HTTPStatus.BAD_REQUEST:
            store.drop_pending_key()
        raise
    chain_pem = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain)
    generation = store.publish(private_key_pem(key), chain_pem, clock())
    store.drop_pending_key()
    return generation


def _pending_key(store: GenerationStore) -> ec.EllipticCurvePrivateKey:
    kept = _read_key(store.pending_key())
    if kept is not None and not _is_published(store, kept):
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


def _is_published(store: GenerationStore, key: ec.EllipticCurvePrivateKey) -> bool:
    """Whether the key is the current one's already: its worker died between publishing and forgetting."""
    if store.current_id() is None:
        return False
    return store.current().certificate.public_key() == key.public_key()


def _lifetime(generation: Generation) -> timedelta:
    return generation.not_after - generation.obtained_at
