"""Only what may be repeated is repeated, only for what passes, and only for so long."""

import ssl

import httpx
import pytest

from sender_constraint.client.retries import Retries, RetryPolicy, is_repeatable


class Time:
    """Passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Attempts:
    """Gives or raises what it was given, in order; the last again and again."""

    def __init__(self, *outcomes: httpx.Response | Exception) -> None:
        self._outcomes = list(outcomes)
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> httpx.Response:
        self.seconds.append(seconds)
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def retries(time: Time) -> Retries:
    return Retries(RetryPolicy(), time.monotonic, time.sleep)


LOST = httpx.ReadError("connection lost")
GOOD = httpx.Response(200)


@pytest.mark.parametrize(
    "passing",
    [
        LOST,
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.RemoteProtocolError("disconnected"),
        httpx.Response(502),
        httpx.Response(503),
        httpx.Response(504),
    ],
)
def test_what_passes_is_tried_again(retries: Retries, passing: httpx.Response | Exception) -> None:
    attempts = Attempts(passing, passing, GOOD)

    assert retries.send(attempts, repeatable=True) is GOOD
    assert len(attempts.seconds) == 3


@pytest.mark.parametrize("status", [200, 201, 400, 401, 403, 404, 409, 422, 429, 500])
def test_any_other_answer_is_an_answer(retries: Retries, status: int) -> None:
    attempts = Attempts(httpx.Response(status), GOOD)

    assert retries.send(attempts, repeatable=True).status_code == status
    assert len(attempts.seconds) == 1


def test_what_must_not_be_repeated_is_tried_once(retries: Retries) -> None:
    attempts = Attempts(LOST, GOOD)

    with pytest.raises(httpx.ReadError):
        retries.send(attempts, repeatable=False)
    assert retries.send(Attempts(httpx.Response(503), GOOD), repeatable=False).status_code == 503
    assert len(attempts.seconds) == 1


def test_a_server_that_failed_verification_is_not_tried_again(retries: Retries) -> None:
    error = httpx.ConnectError("verify failed")
    error.__cause__ = ssl.SSLCertVerificationError("unknown authority")
    attempts = Attempts(error, GOOD)

    with pytest.raises(httpx.ConnectError):
        retries.send(attempts, repeatable=True)
    assert len(attempts.seconds) == 1


def test_all_attempts_together_have_a_limit_in_time(retries: Retries, time: Time) -> None:
    with pytest.raises(httpx.ReadError):
        retries.send(Attempts(LOST), repeatable=True)

    assert time.now <= retries.policy.total_seconds


def test_attempts_have_a_limit_in_number(time: Time) -> None:
    attempts = Attempts(httpx.Response(503))
    retries = Retries(RetryPolicy(attempts=4), time.monotonic, time.sleep)

    assert retries.send(attempts, repeatable=True).status_code == 503
    assert len(attempts.seconds) == 4


def test_an_attempt_gets_no_more_than_what_is_left(time: Time) -> None:
    policy = RetryPolicy(attempt_seconds=10, total_seconds=12)
    attempts = Attempts(httpx.Response(503, headers={"Retry-After": "5"}), GOOD)

    Retries(policy, time.monotonic, time.sleep).send(attempts, repeatable=True)

    assert attempts.seconds == [10, 7]


def test_pauses_grow_to_a_longest(retries: Retries, time: Time) -> None:
    with pytest.raises(httpx.ReadError):
        retries.send(Attempts(LOST), repeatable=True)

    for number, slept in enumerate(time.slept):
        longest = min(2.0, 0.1 * 2**number)
        assert longest / 2 <= slept <= longest


@pytest.mark.clause("RFC 9110 §10.2.3")
@pytest.mark.parametrize(
    ("value", "at_least"), [("3", 3.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("-1", 0.0), ("٣", 0.0)]
)
def test_the_server_may_ask_for_a_longer_pause(
    retries: Retries, time: Time, value: str, at_least: float
) -> None:
    busy = httpx.Response(503, headers=[(b"Retry-After", value.encode())])

    retries.send(Attempts(busy, GOOD), repeatable=True)

    assert at_least <= time.slept[0] <= max(at_least, 0.1)


def test_a_pause_longer_than_what_is_left_ends_it(retries: Retries, time: Time) -> None:
    busy = httpx.Response(503, headers={"Retry-After": "3600"})

    assert retries.send(Attempts(busy, GOOD), repeatable=True) is busy
    assert time.slept == []


@pytest.mark.clause("RFC 9110 §9.2.2")
@pytest.mark.parametrize(
    ("method", "headers", "repeatable"),
    [
        ("GET", {}, True),
        ("get", {}, True),
        ("DELETE", {}, True),
        ("POST", {}, False),
        ("PATCH", {}, False),
        ("POST", {"Idempotency-Key": "k"}, True),
    ],
)
def test_what_may_be_repeated(method: str, headers: dict[str, str], repeatable: bool) -> None:
    assert is_repeatable(method, httpx.Headers(headers)) is repeatable
