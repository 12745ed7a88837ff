"""Until when calls are served: what the story measures after a revocation."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

import pytest

from workshop.patience import ATTEMPTS, patiently
from workshop.story.stage import StoryStopped
from workshop.story.ways import Way, go_on
from workshop.wire import Exchange

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
PROMISE_SECONDS = 5.0
PUT_OFF = "temporarily_unavailable"


class Clock:
    """Advances with each call that is made."""

    def __init__(self) -> None:
        self.seconds = -2.0

    def __call__(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.seconds)


def answer(said: str) -> Exchange:
    """Served, put off, or refused with this error."""
    status, headers, body = 401, {}, f'{{"error": "{said}"}}'.encode()
    if said == "served":
        status, body = 200, b"{}"
    if said == PUT_OFF:
        status, headers = 503, {"retry-after": "1"}
    return Exchange("GET", "https://bank/accounts", "id", "", BEGINNING, status, headers, body)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def revocation() -> Future[datetime]:
    return Future()


@pytest.fixture
def way(clock: Clock, revocation: Future[datetime]) -> Callable[..., Way]:
    """A way whose calls take half a second each, and are answered as a function of the time says."""

    def made(told: Callable[[float], str]) -> Way:
        def call() -> Exchange:
            said = told(clock.seconds)
            clock.seconds += 0.5
            if clock.seconds >= 0 and not revocation.done():
                revocation.set_result(BEGINNING)
            return answer(said)

        return Way("API", "bank_api", call)

    return made


def go(way: Way, revocation: Future[datetime], clock: Clock) -> list[float]:
    told: list[float] = []
    assert go_on([way], revocation, PROMISE_SECONDS, told.append, clock) == BEGINNING
    return told


def test_a_way_is_measured_until_its_last_call_that_was_served(
    way: Callable[..., Way], revocation: Future[datetime], clock: Clock
) -> None:
    # Two processes serve: one learns of it at once, the other one later.
    revoked = way(lambda seconds: "invalid_token" if seconds >= 1 and seconds != 2.5 else "served")
    told = go(revoked, revocation, clock)

    assert revoked.seconds_until_refused(BEGINNING) == 2.5
    assert list(revoked.refusals) == ["401 invalid_token"]
    assert told[-1] > PROMISE_SECONDS


def test_calls_go_on_until_the_promise_is_over_and_once_more(
    way: Callable[..., Way], revocation: Future[datetime], clock: Clock
) -> None:
    revoked = way(lambda seconds: "invalid_token" if seconds >= 0 else "served")
    go(revoked, revocation, clock)

    assert revoked.calls == 4 + 10 + 1 + 1
    assert revoked.seconds_until_refused(BEGINNING) == 0.5


def test_a_way_that_is_served_after_the_promise_has_no_end(
    way: Callable[..., Way], revocation: Future[datetime], clock: Clock
) -> None:
    served = way(lambda _: "served")
    go(served, revocation, clock)
    assert served.seconds_until_refused(BEGINNING) is None
    assert served.refusals == {}


def test_a_way_that_is_served_again_at_the_end_has_no_end_either(
    way: Callable[..., Way], revocation: Future[datetime], clock: Clock
) -> None:
    again = way(lambda seconds: "invalid_token" if 0 <= seconds < PROMISE_SECONDS else "served")
    go(again, revocation, clock)
    assert again.seconds_until_refused(BEGINNING) is None


def test_who_is_told_to_come_back_was_neither_served_nor_refused(
    way: Callable[..., Way], revocation: Future[datetime], clock: Clock
) -> None:
    busy = way(lambda seconds: "served" if seconds < 0 else PUT_OFF if seconds < 2 else "invalid_token")
    go(busy, revocation, clock)
    assert busy.seconds_until_refused(BEGINNING) == 2.5
    assert list(busy.refusals) == ["401 invalid_token"]


def test_who_is_told_to_come_back_for_ever_is_not_refused(
    way: Callable[..., Way], revocation: Future[datetime], clock: Clock
) -> None:
    away = way(lambda seconds: "served" if seconds < 0 else PUT_OFF)
    go(away, revocation, clock)
    assert away.seconds_until_refused(BEGINNING) is None


@pytest.mark.clause("RFC 9110 §10.2.3")
def test_a_patient_caller_comes_back_when_it_is_told_to_and_not_for_ever() -> None:
    answers = [answer(PUT_OFF), answer(PUT_OFF), answer("served")]
    slept: list[float] = []
    assert patiently(lambda: answers.pop(0), slept.append).status == 200
    assert slept == [1.0, 1.0]

    slept.clear()
    assert patiently(lambda: answer(PUT_OFF), slept.append).status == 503
    assert len(slept) == ATTEMPTS - 1


@pytest.mark.parametrize("said", ["served", "invalid_token"])
def test_a_patient_caller_takes_every_other_answer_for_one(said: str) -> None:
    slept: list[float] = []
    assert patiently(lambda: answer(said), slept.append) == answer(said)
    assert slept == []


def test_each_way_of_being_refused_is_kept(
    way: Callable[..., Way], revocation: Future[datetime], clock: Clock
) -> None:
    stale = way(lambda seconds: "served" if seconds < 0 else "stale" if seconds < 1 else "invalid_token")
    go(stale, revocation, clock)
    assert list(stale.refusals) == ["401 stale", "401 invalid_token"]


def test_a_revocation_that_fails_stops_the_story(
    way: Callable[..., Way], revocation: Future[datetime], clock: Clock
) -> None:
    revocation.set_exception(StoryStopped("the operator's command failed"))
    with pytest.raises(StoryStopped, match="command failed"):
        go(way(lambda _: "served"), revocation, clock)
