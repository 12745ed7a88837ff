"""An alarm is said when it is news, stands until it is cleared, and never stops what raises it."""

import errno
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from operations.alarms.alarms import REPEATED_AFTER, Alarms
from operations.audit.audit_trail import AuditTrail
from tests.trail import Trail

MOMENT = timedelta(seconds=1)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    return Trail(tmp_path / "audit" / "audit.jsonl")


@pytest.fixture
def alarms(tmp_path: Path, clock: Clock) -> Alarms:
    return another_process(tmp_path, clock)


def another_process(tmp_path: Path, clock: Clock) -> Alarms:
    return Alarms(tmp_path / "alarms", AuditTrail("bank_api", tmp_path / "audit"), clock)


def said(trail: Trail) -> list[tuple[str, str]]:
    return [(event["event"], event["detail"]["level"]) for event in trail.events()]


def test_it_is_said_once_and_stands_for_every_process(
    alarms: Alarms, tmp_path: Path, clock: Clock, trail: Trail
) -> None:
    alarms.raised("certificate-status", "warning", "the responder is away", url="http://ca.example")
    clock.now += MOMENT
    alarms.raised("certificate-status", "warning", "the responder is still away")
    other = another_process(tmp_path, clock)
    other.raised("certificate-status", "warning", "the responder is away")

    (alarm,) = other.standing()
    assert (alarm.name, alarm.level, alarm.message) == (
        "certificate-status",
        "warning",
        "the responder is away",
    )
    assert alarm.detail == {"url": "http://ca.example"}
    (event,) = trail.events()
    assert (event["event"], event["outcome"]) == ("alarm.raised", "recorded")
    assert event["detail"]["url"] == "http://ca.example"


def test_another_level_is_news_and_the_beginning_stays(alarms: Alarms, clock: Clock, trail: Trail) -> None:
    begun = clock.now
    alarms.raised("certificate-server", "notice", "overdue")
    clock.now += MOMENT
    alarms.raised("certificate-server", "critical", "expired")

    assert said(trail) == [("alarm.raised", "notice"), ("alarm.raised", "critical")]
    assert [(alarm.level, alarm.since) for alarm in alarms.standing()] == [("critical", begun)]


def test_what_goes_on_is_said_again_each_minute(alarms: Alarms, clock: Clock, trail: Trail) -> None:
    for _ in range(5):
        alarms.raised("redis", "warning", "away")
        clock.now += REPEATED_AFTER / 2
    assert len(trail.events()) == 3


def test_it_is_cleared_once_by_whoever_finds_it_well(
    alarms: Alarms, tmp_path: Path, clock: Clock, trail: Trail
) -> None:
    alarms.cleared("redis")
    alarms.raised("redis", "warning", "away")
    another_process(tmp_path, clock).cleared("redis")
    alarms.cleared("redis")

    assert alarms.standing() == []
    assert said(trail) == [("alarm.raised", "warning"), ("alarm.cleared", "warning")]


def test_the_loudest_comes_first(alarms: Alarms) -> None:
    alarms.raised("a", "notice", "-")
    alarms.raised("b", "critical", "-")
    alarms.raised("c", "warning", "-")
    assert [alarm.name for alarm in alarms.standing()] == ["b", "c", "a"]


def test_a_full_disk_stops_nobody_and_is_said_once(
    alarms: Alarms, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trail: Trail
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("sender_constraint.certificates.durable_files.replace", full)
        alarms.raised("disk", "critical", "no space left")
        alarms.raised("disk", "critical", "no space left")
    assert caplog.text.count("alarm.raised: disk (critical): no space left") == 1
    alarms.raised("disk", "critical", "no space left")
    assert [alarm.name for alarm in alarms.standing()] == ["disk"]  # written as soon as that can be
    assert caplog.text.count("alarm.raised") == 1
    alarms.cleared("disk")
    assert said(trail) == [("alarm.raised", "critical"), ("alarm.cleared", "critical")]


def test_one_that_cannot_be_read_stands_until_it_is_raised_or_cleared(
    alarms: Alarms, tmp_path: Path, trail: Trail
) -> None:
    alarms.raised("redis", "notice", "slow")
    (tmp_path / "alarms" / "redis.json").write_text("{")
    assert [alarm.level for alarm in alarms.standing()] == ["warning"]
    alarms.raised("redis", "notice", "slow")
    assert [alarm.message for alarm in alarms.standing()] == ["slow"]
    (tmp_path / "alarms" / "redis.json").write_text("{")
    alarms.cleared("redis")
    assert alarms.standing() == []
    assert len(trail.events()) == 3


def test_many_threads_at_once_leave_one_alarm(tmp_path: Path, clock: Clock) -> None:
    instances = [another_process(tmp_path, clock) for _ in range(4)]
    threads = [
        threading.Thread(target=each.raised, args=("redis", level, "away"))
        for each in instances
        for level in ("warning", "critical")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [alarm.name for alarm in instances[0].standing()] == ["redis"]


@pytest.mark.parametrize("name", ["", "../redis", "Redis", "a.b", "-a"])
def test_a_name_is_no_path(alarms: Alarms, name: str) -> None:
    with pytest.raises(ValueError, match="not a valid alarm name"):
        alarms.raised(name, "notice", "-")
