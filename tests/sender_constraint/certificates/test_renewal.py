"""Renewal: when it is due, what it does, and what two workers at once do."""

import threading
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.certificates.csr import new_private_key
from sender_constraint.certificates.errors import IssuerRefused, IssuerUnreachable, NoGeneration
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.rotation import Action, RenewalPolicy, renew_if_due
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.certificates.issuing import CountingIssuer


class SetClock:
    """A clock that stands where the test set it."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime.now(UTC))


@pytest.fixture
def issuer(authority: Authority, clock: SetClock) -> CountingIssuer:
    return CountingIssuer(authority, clock)


@pytest.fixture
def due(authority: Authority, store: GenerationStore, clock: SetClock) -> Generation:
    """A generation of a minute, at the moment at which it is due."""
    generation = authority.publish(store)
    clock.moment = RenewalPolicy().due_at(generation)
    return generation


def test_it_is_due_in_the_last_third_counted_from_when_it_was_obtained(
    authority: Authority, store: GenerationStore
) -> None:
    generation = authority.publish(store, lifetime=timedelta(hours=1))
    lifetime = generation.not_after - generation.obtained_at

    due_after = RenewalPolicy().due_at(generation) - generation.obtained_at

    assert lifetime * 2 / 3 <= due_after <= lifetime * (2 / 3 + 1 / 20)


def test_the_jitter_differs_between_generations_and_not_between_looks(
    authority: Authority, store: GenerationStore
) -> None:
    policy = RenewalPolicy()
    generations = [authority.publish(store, lifetime=timedelta(hours=1)) for _ in range(4)]

    shares = {
        (policy.due_at(each) - each.obtained_at) / (each.not_after - each.obtained_at) for each in generations
    }

    assert len(shares) == len(generations)
    assert policy.due_at(generations[0]) == policy.due_at(generations[0])


def test_nothing_is_asked_for_before_it_is_due(
    store: GenerationStore, issuer: CountingIssuer, clock: SetClock, due: Generation
) -> None:
    clock.moment -= timedelta(microseconds=1)

    outcome = renew_if_due(store, issuer.next, clock)

    assert outcome.action is Action.NOT_DUE
    assert outcome.generation == due
    assert issuer.operations == []


def test_it_is_renewed_when_due_with_a_new_key(
    store: GenerationStore, issuer: CountingIssuer, clock: SetClock, due: Generation
) -> None:
    outcome = renew_if_due(store, issuer.next, clock)

    assert outcome.action is Action.RENEWED
    assert outcome.previous_id == due.id
    assert store.current() == outcome.generation
    assert outcome.generation.obtained_at == clock.moment
    assert outcome.generation.certificate.public_key() != due.certificate.public_key()
    # Until the next request: the authority repeats the certificate of this key, and of no other.
    assert store.pending_key() == outcome.generation.private_key_path.read_bytes()


def test_it_is_replaced_once_before_it_is_due_if_that_is_ordered(
    authority: Authority, store: GenerationStore, clock: SetClock, issuer: CountingIssuer
) -> None:
    ordered = authority.publish(store)
    assert store.order_replacement() == ordered

    outcome = renew_if_due(store, issuer.next, clock)
    again = renew_if_due(store, issuer.next, clock)

    assert (outcome.action, outcome.previous_id) == (Action.RENEWED, ordered.id)
    assert again.action is Action.NOT_DUE


def test_where_there_is_nothing_nothing_can_be_ordered(store: GenerationStore) -> None:
    with pytest.raises(NoGeneration):
        store.order_replacement()


def test_without_an_answer_the_old_one_stays_and_the_same_key_is_tried_again(
    store: GenerationStore, issuer: CountingIssuer, clock: SetClock, due: Generation
) -> None:
    issuer.fails_with["next"] = IssuerUnreachable("away")

    failed = renew_if_due(store, issuer.next, clock)

    assert failed.action is Action.FAILED
    assert isinstance(failed.error, IssuerUnreachable)
    assert store.current() == due

    issuer.fails_with.clear()
    assert renew_if_due(store, issuer.next, clock).action is Action.RENEWED
    assert issuer.keys[0] == issuer.keys[1]


@pytest.mark.parametrize(("status", "same_key"), [(400, False), (401, True), (403, True), (429, True)])
def test_only_a_refused_request_is_made_anew(
    store: GenerationStore,
    issuer: CountingIssuer,
    clock: SetClock,
    due: Generation,
    status: int,
    same_key: bool,
) -> None:
    issuer.fails_with["next"] = IssuerRefused("simplereenroll", status, "no")

    assert renew_if_due(store, issuer.next, clock).generation == due
    issuer.fails_with.clear()
    renew_if_due(store, issuer.next, clock)

    assert (issuer.keys[0] == issuer.keys[1]) is same_key


def test_a_certificate_for_another_key_is_not_published(
    authority: Authority, store: GenerationStore, clock: SetClock, due: Generation
) -> None:
    def renew(key: ec.EllipticCurvePrivateKey, replaced: Generation) -> list[x509.Certificate]:  # noqa: ARG001
        return [authority.issue(new_private_key()), authority.issuing]

    assert renew_if_due(store, renew, clock).action is Action.FAILED
    assert store.current() == due


def test_an_empty_store_has_nothing_to_renew(
    store: GenerationStore, issuer: CountingIssuer, clock: SetClock
) -> None:
    with pytest.raises(NoGeneration):
        renew_if_due(store, issuer.next, clock)


def test_of_two_workers_at_once_one_asks(
    store: GenerationStore, issuer: CountingIssuer, clock: SetClock, due: Generation
) -> None:
    asking, go_on = threading.Event(), threading.Event()

    def slow(key: ec.EllipticCurvePrivateKey, replaced: Generation) -> list[x509.Certificate]:
        asking.set()
        assert go_on.wait(10)
        return issuer.next(key, replaced)

    first_outcome = []
    first = threading.Thread(target=lambda: first_outcome.append(renew_if_due(store, slow, clock)))
    first.start()
    assert asking.wait(10)
    second_outcome = renew_if_due(GenerationStore(store.path), issuer.next, clock)
    go_on.set()
    first.join()

    assert second_outcome.action is Action.BUSY
    assert second_outcome.generation == due
    assert first_outcome[0].action is Action.RENEWED
    assert len(issuer.operations) == 1


def test_who_waited_for_the_lock_looks_again(
    authority: Authority,
    store: GenerationStore,
    issuer: CountingIssuer,
    clock: SetClock,
    due: Generation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exclusive = GenerationStore.exclusive

    def after_somebody_else(self: GenerationStore) -> AbstractContextManager[bool]:
        if self.current_id() == due.id:
            authority.publish(store, lifetime=timedelta(hours=1))
        return exclusive(self)

    monkeypatch.setattr(GenerationStore, "exclusive", after_somebody_else)

    outcome = renew_if_due(store, issuer.next, clock)

    assert outcome.action is Action.NOT_DUE
    assert outcome.generation == store.current() != due
    assert issuer.operations == []


def test_a_pending_key_that_is_published_already_is_not_used_again(
    store: GenerationStore, issuer: CountingIssuer, clock: SetClock, due: Generation
) -> None:
    store.keep_pending_key(due.private_key_path.read_bytes())

    outcome = renew_if_due(store, issuer.next, clock)

    assert outcome.generation is not None
    assert outcome.generation.certificate.public_key() != due.certificate.public_key()


def test_a_pending_key_that_nobody_can_read_does_not_stand_in_the_way(
    store: GenerationStore, issuer: CountingIssuer, clock: SetClock, due: Generation
) -> None:
    store.keep_pending_key(b"no key")

    assert renew_if_due(store, issuer.next, clock).action is Action.RENEWED
    assert store.current() != due


@pytest.mark.usefixtures("due")
def test_a_broken_generation_is_asked_for_again_with_its_own_key_and_then_replaced(
    store: GenerationStore, issuer: CountingIssuer, clock: SetClock
) -> None:
    """To the authority another key for the generation before would be another party's (RFC 7030 §4.2.2)."""
    broken = renew_if_due(store, issuer.next, clock).generation
    assert broken is not None
    broken.private_key_path.unlink()

    mended = renew_if_due(store, issuer.next, clock).generation
    replaced = renew_if_due(store, issuer.next, clock).generation

    assert store.last_good() == store.current() == replaced
    assert mended is not None
    assert issuer.keys[0] == issuer.keys[1] == mended.certificate.public_key() != issuer.keys[2]
    assert renew_if_due(store, issuer.next, clock).action is Action.NOT_DUE
