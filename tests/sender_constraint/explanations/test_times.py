"""Times: the difference in seconds, and its direction."""

from datetime import UTC, datetime, timedelta

import pytest

from sender_constraint.explanations.explaining import explain
from sender_constraint.explanations.times import CHECK_CLOCK, instant, seconds
from tests.sender_constraint.explanations.refusals import refused

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def iso(offset: float) -> str:
    return (NOW + timedelta(seconds=offset)).isoformat()


@pytest.mark.clause("RFC 9068 §4")
def test_a_token_that_is_over_is_told_with_the_seconds_and_the_leeway() -> None:
    at = NOW.timestamp()
    event = refused("token.expired", expired_at=int(at) - 12, now=at + 0.25, leeway_seconds=5)
    explanation = explain(event)
    assert explanation.findings == ("It expired 12.25 seconds before the request.",)
    assert explanation.expected == (
        "a request before 2026-03-01T11:59:48.000Z, with a leeway of 5 seconds for clock skew"
    )
    assert explanation.presented == "a request at 2026-03-01T12:00:00.250Z"
    assert explanation.next_step is not None
    assert "expires_in" in explanation.next_step


@pytest.mark.parametrize(
    ("rule", "detail", "finding"),
    [
        (
            "token.not-yet-valid",
            {"not_before": NOW.timestamp() + 7, "now": NOW.timestamp(), "leeway_seconds": 5},
            "The request came 7 seconds too early.",
        ),
        (
            "token.issued-in-future",
            {"issued_at": NOW.timestamp() + 30, "now": NOW.timestamp(), "leeway_seconds": 5},
            "The request came 30 seconds too early.",
        ),
        (
            "dpop.too-old",
            {"made_at": NOW.timestamp() - 75, "ends_at": NOW.timestamp() - 15, "now": NOW.timestamp()},
            "It expired 15 seconds before the request.",
        ),
        (
            "dpop.in-future",
            {"made_at": NOW.timestamp() + 65, "now": NOW.timestamp(), "leeway_seconds": 30},
            "The request came 65 seconds too early.",
        ),
        (
            "certificate.expired",
            {"not_after": iso(-1), "now": iso(0)},
            "It expired 1 second before the request.",
        ),
        (
            "certificate.not-yet-valid",
            {"not_before": iso(90), "now": iso(0)},
            "The request came 90 seconds too early.",
        ),
        (
            "renewal.window",
            {"not_after": iso(-7384), "window_seconds": 3600},
            "The certificate expired 7384 seconds (2 hours 3 minutes) ago: "
            "3784 seconds (1 hour 3 minutes) too long.",
        ),
    ],
)
def test_each_time_is_told_with_its_direction(rule: str, detail: dict[str, object], finding: str) -> None:
    assert explain(refused(rule, **detail)).findings == (finding,)


def test_a_small_difference_in_the_future_is_a_matter_of_clocks_and_a_large_one_is_not() -> None:
    near, far = (
        explain(refused("certificate.not-yet-valid", not_before=iso(offset), now=iso(0)))
        for offset in (30, 86400)
    )
    assert near.next_step == CHECK_CLOCK
    assert far.next_step is None


@pytest.mark.parametrize("value", [None, True, "yesterday", [], 1e300, float("nan"), -1e20])
def test_what_is_no_time_is_none(value: object) -> None:
    assert instant(value) is None
    assert (
        explain(refused("token.expired", expired_at=value, now=1)).expected == "a token that has not expired"
    )


def test_long_spans_are_told_in_larger_units_too() -> None:
    assert seconds(timedelta(seconds=0.5)) == "0.5 seconds"
    assert seconds(timedelta(seconds=90061)) == "90061 seconds (1 day 1 hour)"
