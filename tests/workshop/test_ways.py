"""Until when calls are served: what the story measures after a revocation."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

import pytest

from workshop.story.stage import StoryStopped
from workshop.story.ways import Way, go_on
from workshop.wire import Exchange

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
PROMISE_SECONDS = 5.0


class Clock:
    """Advances with each call that is made."""

    def __init__(self) -> None:
        self.seconds = -2.0

    def __call__(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def revocation() -> Future[datetime]:
    return Future()


@pytest.fixture
def way(clock: Clock, revocation: Future[datetime]) -> Callable[..., Way]:
    """A way whose calls take half a second each, and are answered as a function of the time says."""

    def made(answer: Callable[[float], str]) -> Way:
        def call() -> Exchange:
            answered = answer(clock.seconds)
            clock.seconds += 0.5
            if clock.seconds >= 0 and not revocation.done():
                revocation.set_result(BEGINNING)
            status, error = (200, "") if answered == "served" else (401, answered)
            body = f'{{"error": "{error}"}}'.encode() if error else b"{}"
            return Exchange("GET", "https://bank/accounts", "id", "", BEGINNING, status, {}, body)

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
