"""Whatever state a store is in, what it needs is done."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sender_constraint.certificates.csr import new_private_key, private_key_pem
from sender_constraint.certificates.errors import (
    BrokenGeneration,
    IssuerRefused,
    IssuerUnreachable,
    NoEnrolmentSecret,
    UnusableAnswer,
)
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.issuance import complete_chain
from sender_constraint.certificates.rotation import (
    Action,
    RenewalOutcome,
    ensure_generation,
    wait_for_generation,
)
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


def test_where_its_renewal_is_refused_a_party_that_needs_no_secret_begins_anew(
    store: GenerationStore, issuer: CountingIssuer, expired: Generation
) -> None:
    issuer.fails_with["next"] = IssuerRefused("simplereenroll", 403, "expired too long ago")

    outcome = ensure_generation(store, issuer)

    assert (outcome.action, outcome.previous_id) == (Action.ENROLLED, expired.id)
    assert issuer.operations == ["next", "first"]


def test_a_delivered_secret_begins_a_new_line_while_the_old_one_is_still_valid(
    authority: Authority, store: GenerationStore, issuer: CountingIssuer
) -> None:
    old = authority.publish(store)
    issuer.secret = "digest of the secret"

    outcome = ensure_generation(store, issuer)

    assert (outcome.action, outcome.previous_id) == (Action.ENROLLED, old.id)
    assert issuer.operations == ["first"]
    assert ensure_generation(store, issuer).action is Action.NOT_DUE


def test_a_refused_renewal_says_so_until_a_secret_is_delivered(
    authority: Authority, store: GenerationStore, issuer: CountingIssuer
) -> None:
    old = authority.publish(store)
    late = old.not_after - timedelta(seconds=1)
    issuer.fails_with["next"] = IssuerRefused("simplereenroll", 403, "The certificate has been revoked")
    issuer.fails_with["first"] = NoEnrolmentSecret("no file")
    for _ in range(2):
        outcome = ensure_generation(store, issuer, lambda: late)
        assert (outcome.action, outcome.is_refused) == (Action.FAILED, True)
        assert "The certificate has been revoked" in str(outcome.error)

    del issuer.fails_with["first"]
    issuer.secret = "digest of the secret"
    assert ensure_generation(store, issuer, lambda: late).action is Action.ENROLLED


def test_a_new_line_has_a_key_that_the_old_one_never_had(
    authority: Authority, store: GenerationStore, issuer: CountingIssuer
) -> None:
    late = authority.publish(store).not_after - timedelta(seconds=1)
    issuer.fails_with["next"] = IssuerUnreachable("the answer is lost")
    ensure_generation(store, issuer, lambda: late)
    issuer.secret = "digest of the secret"

    issuer.fails_with["first"] = IssuerUnreachable("the answer is lost")
    ensure_generation(store, issuer, lambda: late)
    del issuer.fails_with["first"]
    ensure_generation(store, issuer, lambda: late)

    operations = [(each, key) for each, key in zip(issuer.operations, issuer.keys, strict=True)]
    renewal = next(key for each, key in operations if each == "next")
    enrolments = {key.public_numbers() for each, key in operations if each == "first"}
    assert len(enrolments) == 1  # the request is repeated with its key
    assert renewal.public_numbers() not in enrolments


def test_a_secret_that_is_not_accepted_keeps_nothing_from_being_renewed(
    authority: Authority, store: GenerationStore, issuer: CountingIssuer
) -> None:
    old = authority.publish(store)
    issuer.secret = "digest of another"
    issuer.fails_with["first"] = IssuerRefused("simpleenroll", 401, "wrong secret")

    early = ensure_generation(store, issuer)
    late = ensure_generation(store, issuer, lambda: old.not_after)

    assert (early.action, early.generation, str(early.error)) == (
        Action.FAILED,
        old,
        "simpleenroll was refused with status 401: wrong secret",
    )
    assert (late.action, late.previous_id) == (Action.RENEWED, old.id)


def test_a_secret_that_was_spent_before_the_worker_died_is_removed_and_not_sent_again(
    store: GenerationStore, issuer: CountingIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(_generation: Generation) -> None:
        raise Killed

    issuer.secret = "digest of the secret"
    with monkeypatch.context() as patched:
        patched.setattr(issuer, "published", killed)
        with pytest.raises(Killed):
            ensure_generation(store, issuer)
    assert issuer.secret is not None

    assert ensure_generation(store, issuer).action is Action.NOT_DUE
    assert issuer.secret is None
    assert issuer.operations == ["first"]
    assert store.pending_key() is None


def break_mode(generation: Generation) -> None:
    generation.private_key_path.chmod(0o644)


def break_key(generation: Generation) -> None:
    generation.private_key_path.write_bytes(private_key_pem(new_private_key()))


def break_half(generation: Generation) -> None:
    generation.certificate_path.write_bytes(generation.certificate_path.read_bytes()[:40])


def lose_link(generation: Generation) -> None:
    (generation.directory.parents[1] / "current").unlink()


def dangle_link(generation: Generation) -> None:
    shutil.rmtree(generation.directory)


def replace_link(generation: Generation) -> None:
    lose_link(generation)
    (generation.directory.parents[1] / "current").write_text("no link")


@pytest.mark.parametrize("harm", [break_mode, break_key, break_half, lose_link, dangle_link, replace_link])
def test_where_the_current_one_is_broken_the_last_good_one_serves_and_is_renewed_at_once(
    authority: Authority, store: GenerationStore, issuer: CountingIssuer, harm: Callable[[Generation], None]
) -> None:
    good, broken = authority.publish(store), authority.publish(store)
    harm(broken)
    only_the_link = harm in (lose_link, replace_link)
    assert store.last_good() == (broken if only_the_link else good)

    issuer.fails_with["next"] = IssuerUnreachable("away")
    failed = ensure_generation(store, issuer)
    assert failed.action is Action.FAILED
    assert failed.generation is not None
    assert failed.broken is not None
    issuer.fails_with.clear()
    mended = ensure_generation(store, issuer)

    assert mended.action is Action.RENEWED
    assert store.current() == mended.generation


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


def test_a_store_without_any_good_one_takes_an_operator_and_a_secret(
    authority: Authority, store: GenerationStore, issuer: CountingIssuer
) -> None:
    authority.publish(store).private_key_path.chmod(0o644)

    issuer.fails_with["first"] = NoEnrolmentSecret("no file")
    outcome = ensure_generation(store, issuer)
    assert (outcome.action, outcome.generation) == (Action.FAILED, None)
    assert isinstance(outcome.error, BrokenGeneration)

    del issuer.fails_with["first"]
    issuer.secret = "digest of the secret"
    assert ensure_generation(store, issuer).action is Action.ENROLLED


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
