"""Whatever state a store is in, what it needs is done."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sender_constraint.certificates.csr import new_private_key
from sender_constraint.certificates.enrolment import ensure_generation, wait_for_generation
from sender_constraint.certificates.errors import (
    BrokenGeneration,
    IssuerRefused,
    IssuerUnreachable,
    NoEnrolmentSecret,
    UnusableAnswer,
)
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.issuance import complete_chain
from sender_constraint.certificates.renewal import Action, RenewalOutcome
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.certificates.issuing import CountingIssuer


def now() -> datetime:
    return datetime.now(UTC)


def nobody_sleeps(_seconds: float) -> None:
    raise AssertionError("there is nothing to wait for")


@pytest.fixture
def issuer(authority: Authority) -> CountingIssuer:
    return CountingIssuer(authority, now)


@pytest.fixture
def expired(authority: Authority, store: GenerationStore) -> Generation:
    return authority.publish(store, lifetime=timedelta(seconds=-1))


def test_an_empty_store_is_enrolled(store: GenerationStore, issuer: CountingIssuer) -> None:
    outcome = ensure_generation(store, issuer)

    assert outcome.action is Action.ENROLLED
    assert store.current() == outcome.generation
    assert issuer.operations == ["first"]
    assert issuer.published_ids == [outcome.generation.id]


def test_a_valid_store_is_left_alone(
    authority: Authority, store: GenerationStore, issuer: CountingIssuer
) -> None:
    authority.publish(store)

    assert ensure_generation(store, issuer).action is Action.NOT_DUE
    assert issuer.operations == []


def test_an_expired_certificate_is_renewed_by_itself(
    store: GenerationStore, issuer: CountingIssuer, expired: Generation
) -> None:
    outcome = ensure_generation(store, issuer)

    assert (outcome.action, outcome.previous_id) == (Action.RENEWED, expired.id)
    assert issuer.operations == ["next"]


def test_where_its_renewal_is_refused_a_new_secret_helps(
    store: GenerationStore, issuer: CountingIssuer, expired: Generation
) -> None:
    issuer.fails_with["next"] = IssuerRefused("simplereenroll", 403, "expired too long ago")

    outcome = ensure_generation(store, issuer)

    assert (outcome.action, outcome.previous_id) == (Action.ENROLLED, expired.id)
    assert issuer.operations == ["next", "first"]


def test_without_a_new_secret_the_refusal_is_the_news(
    store: GenerationStore, issuer: CountingIssuer, expired: Generation
) -> None:
    issuer.fails_with["next"] = IssuerRefused("simplereenroll", 403, "expired too long ago")
    issuer.fails_with["first"] = NoEnrolmentSecret("no file")

    outcome = ensure_generation(store, issuer)

    assert outcome.action is Action.FAILED
    assert outcome.error is issuer.fails_with["next"]
    assert outcome.generation == expired


def test_without_a_secret_a_first_enrolment_fails_with_that_reason(
    store: GenerationStore, issuer: CountingIssuer
) -> None:
    issuer.fails_with["first"] = NoEnrolmentSecret("no file")

    outcome = ensure_generation(store, issuer)

    assert (outcome.action, outcome.generation) == (Action.FAILED, None)
    assert outcome.error is issuer.fails_with["first"]


def test_a_valid_certificate_survives_a_failed_renewal(
    authority: Authority, store: GenerationStore, issuer: CountingIssuer
) -> None:
    generation = authority.publish(store)
    issuer.fails_with["next"] = IssuerUnreachable("away")
    late = generation.not_after - timedelta(seconds=1)

    outcome = ensure_generation(store, issuer, lambda: late)

    assert (outcome.action, outcome.generation) == (Action.FAILED, generation)
    assert issuer.operations == ["next"]


def test_the_same_key_is_used_when_the_answer_to_a_first_enrolment_is_lost(
    store: GenerationStore, issuer: CountingIssuer
) -> None:
    issuer.fails_with["first"] = IssuerUnreachable("lost")
    ensure_generation(store, issuer)
    issuer.fails_with.clear()

    ensure_generation(store, issuer)

    assert issuer.keys[0] == issuer.keys[1]


def test_somebody_else_at_it_is_an_outcome(store: GenerationStore, issuer: CountingIssuer) -> None:
    with GenerationStore(store.path).exclusive():
        assert ensure_generation(store, issuer).action is Action.BUSY
    assert issuer.operations == []


def test_a_broken_store_takes_an_operator(
    authority: Authority, store: GenerationStore, issuer: CountingIssuer
) -> None:
    authority.publish(store).private_key_path.chmod(0o644)

    with pytest.raises(BrokenGeneration):
        ensure_generation(store, issuer)


def test_waiting_goes_on_while_the_authority_is_away(store: GenerationStore, issuer: CountingIssuer) -> None:
    issuer.fails_with["first"] = IssuerUnreachable("not up yet")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            issuer.fails_with.clear()

    outcome = wait_for_generation(lambda: ensure_generation(store, issuer), seconds=60, sleep=sleep)

    assert outcome.action is Action.ENROLLED
    assert len(slept) == 3


def test_waiting_ends(store: GenerationStore, issuer: CountingIssuer) -> None:
    issuer.fails_with["first"] = IssuerUnreachable("never up")
    times = iter(range(100))

    outcome = wait_for_generation(
        lambda: ensure_generation(store, issuer),
        seconds=5,
        sleep=lambda _seconds: None,
        monotonic=lambda: float(next(times)),
    )

    assert outcome.action is Action.FAILED
    assert len(issuer.operations) <= 6


def test_a_refusal_is_not_waited_for(store: GenerationStore, issuer: CountingIssuer) -> None:
    issuer.fails_with["first"] = IssuerRefused("simpleenroll", 401, "wrong secret")

    outcome = wait_for_generation(lambda: ensure_generation(store, issuer), seconds=60, sleep=nobody_sleeps)

    assert isinstance(outcome.error, IssuerRefused)


def test_waiting_ends_at_once_with_a_valid_certificate(authority: Authority, store: GenerationStore) -> None:
    generation = authority.publish(store)
    busy = RenewalOutcome(Action.BUSY, generation)

    assert wait_for_generation(lambda: busy, seconds=60, sleep=nobody_sleeps) is busy


def test_a_chain_is_completed_from_what_is_known(authority: Authority) -> None:
    certificate = authority.issue(new_private_key())

    assert complete_chain(certificate, [authority.root, authority.issuing]) == [
        certificate,
        authority.issuing,
    ]


def test_a_chain_that_leads_nowhere_is_unusable(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other")

    with pytest.raises(UnusableAnswer, match="neither answer nor trust bundle"):
        complete_chain(authority.issue(new_private_key()), [stranger.root, stranger.issuing])
