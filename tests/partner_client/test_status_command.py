"""What ``manage.py status`` says, for people and for programs, and with which exit status."""

import contextlib
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from operations.alarms.service import alarms
from operations.expiries.levels import BY_ITSELF, BY_PEOPLE, Expiry
from operations.expiries.watch import watch_expiries
from operations.management.commands.status import EX_CRITICAL
from operations.tasks.background import ledger
from sender_constraint.certificates.generations import Generation, GenerationStore
from tests.sender_constraint.authority import Authority

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
LISTED: list[Expiry] = []


def listed() -> list[Expiry]:
    return LISTED


def failing() -> list[Expiry]:
    raise OSError("the disk is away")


@pytest.fixture(autouse=True)
def _settings(settings: Settings, authority: Authority) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"TRUST_BUNDLE": authority.trust_bundle}
    LISTED.clear()


def tasks_ran() -> None:
    for task in ("certificates", "expiries"):
        with ledger().run(task, 60):
            pass


def status() -> dict[str, Any]:
    output = io.StringIO()
    with contextlib.suppress(SystemExit):  # while an alarm is critical
        call_command("status", "--json", stdout=output)
    document: dict[str, Any] = json.loads(output.getvalue())
    return document


def test_all_is_well(generation: Generation) -> None:
    tasks_ran()
    document = status()

    assert (document["service"], document["state"], document["alarms"]) == ("partner_client", "ok", [])
    certificate, *authorities = document["expiries"]
    assert (certificate["what"], certificate["level"]) == ("client certificate", None)
    assert certificate["ends"] == generation.not_after.isoformat()
    assert len(authorities) == 2
    assert [(task["name"], task["late"], task["last"]["ended"]) for task in document["tasks"]] == [
        ("certificates", False, "done"),
        ("expiries", False, "done"),
    ]


@pytest.mark.usefixtures("generation")
def test_people_read_tables() -> None:
    with ledger().run("certificates", 60) as run:
        run.found("client certificate: due")
        run.has_done("client certificate: renewed")
    alarms().raised("redis", "warning", "Redis is away")
    output = io.StringIO()
    call_command("status", stdout=output)

    said = output.getvalue()
    assert said.startswith("partner_client: warning")
    for words in ("Redis is away", "client certificate", "renewed", "authority", "late", "background task"):
        assert words in said


@pytest.mark.usefixtures("generation")
def test_a_critical_alarm_is_an_exit_status() -> None:
    alarms().raised("redis", "critical", "Redis is away for an hour")
    with pytest.raises(SystemExit) as ended:
        call_command("status", stdout=io.StringIO())
    assert ended.value.code == EX_CRITICAL


def test_what_no_task_has_raised_is_found_by_the_look(store: GenerationStore, authority: Authority) -> None:
    authority.publish(store, lifetime=timedelta(seconds=-1))
    found = {alarm["name"]: (alarm["level"], alarm["since"]) for alarm in status()["alarms"]}
    assert found == {
        "certificate-client": ("critical", None),
        "late-certificates": ("warning", None),
        "late-expiries": ("warning", None),
    }


def test_a_source_that_fails_hides_nothing(settings: Settings, generation: Generation) -> None:
    tasks_ran()
    settings.EXPIRIES = [f"{__name__}.failing", *settings.EXPIRIES]
    document = status()
    assert document["expiries"][0]["phase"] == "cannot be listed: the disk is away"
    assert document["expiries"][1]["ends"] == generation.not_after.isoformat()
    assert [alarm["name"] for alarm in document["alarms"]] == ["failing"]


@pytest.mark.parametrize(
    ("left", "level"),
    [(0.5, None), (0.26, None), (0.24, "notice"), (0.14, "warning"), (0.04, "critical"), (-1, "critical")],
)
def test_the_watch_raises_alarms_that_grow_louder_and_clears_them(
    settings: Settings, left: float, level: str | None
) -> None:
    settings.EXPIRIES = [f"{__name__}.listed"]
    now = datetime.now(UTC)
    LISTED.append(Expiry("list", "the list", now - HOUR * (1 - left), now + HOUR * left))
    watch_expiries.apply(throw=True)
    assert [alarm.level for alarm in alarms().standing()] == ([level] if level else [])

    LISTED[:] = [Expiry("list", "the list", now, now + HOUR)]
    watch_expiries.apply(throw=True)
    assert alarms().standing() == []


def test_what_people_renew_is_told_in_time_for_people() -> None:
    begun, ended = NOW, NOW + timedelta(days=5 * 365)
    authority = Expiry("authority", "the authority", begun, ended, thresholds=BY_PEOPLE)
    assert authority.level(ended - timedelta(days=366)) is None
    assert authority.level(ended - timedelta(days=364)) == "notice"
    assert authority.level(ended - timedelta(days=182)) == "warning"
    assert authority.level(ended - timedelta(days=91)) == "critical"
    assert BY_ITSELF.notice < 1 / 3  # not before the last third, in which renewal begins


def test_what_the_watch_does_not_watch_it_leaves_to_others(settings: Settings) -> None:
    settings.EXPIRIES = [f"{__name__}.listed"]
    LISTED.append(Expiry("list", "the list", None, None, "gone", watched=False))
    watch_expiries.apply(throw=True)
    assert alarms().standing() == []
    assert status()["alarms"][0]["message"] == "the list: gone"
