"""The worker's task, the command that enrols, and what people see of it."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from celery.worker import state
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from partner_client.celery import app
from partner_client.rotation.status import certificate_status
from sender_constraint.certificates.errors import IssuerRefused, IssuerUnreachable
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.renewal import RenewalPolicy
from sender_constraint.django.renewal import (
    RENEWAL_TASK,
    DeclaredStore,
    renew_certificates,
    renewal_schedule,
)
from sender_constraint.django.worker import EX_SCHEDULE_DIED, ScheduleWatch
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.certificates.issuing import CountingIssuer

Audited = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def issuer(authority: Authority, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CountingIssuer:
    """The issuer of the partner's store, in place of the authority's EST."""
    counting = CountingIssuer(authority, lambda: datetime.now(UTC))
    monkeypatch.setattr("tests.partner_client.test_rotation.current_issuer", counting, raising=False)
    settings.CERTIFICATE_ISSUER = "tests.partner_client.test_rotation.issuer_of"
    return counting


def issuer_of(_declared: DeclaredStore) -> CountingIssuer:
    issuer: CountingIssuer = globals()["current_issuer"]
    return issuer


@pytest.fixture
def due(authority: Authority, store: GenerationStore) -> Generation:
    """Expired a moment ago, and due with that."""
    return authority.publish(store, lifetime=timedelta(seconds=-1))


def test_the_worker_knows_its_task_and_the_schedule_names_it() -> None:
    app.loader.import_default_modules()

    assert RENEWAL_TASK in app.tasks
    assert app.conf.beat_schedule[RENEWAL_TASK]["task"] == RENEWAL_TASK
    assert app.conf.broker_connection_retry_on_startup


def test_the_schedule_is_kept_in_memory() -> None:
    assert app.conf.beat_scheduler == "celery.beat:Scheduler"


@pytest.mark.parametrize(("alive", "should_stop"), [(True, None), (False, EX_SCHEDULE_DIED)])
def test_a_worker_ends_with_its_embedded_schedule(
    monkeypatch: pytest.MonkeyPatch, alive: bool, should_stop: int | None
) -> None:
    monkeypatch.setattr(state, "should_stop", None)
    assert ScheduleWatch in app.steps["worker"]
    worker = Mock()
    worker.beat.is_alive.return_value = alive

    ScheduleWatch(worker).start(worker)
    _, look, arguments = worker.timer.call_repeatedly.call_args.args
    look(*arguments)

    assert state.should_stop == should_stop


def test_a_worker_without_a_schedule_watches_none() -> None:
    worker = Mock(beat=None)
    ScheduleWatch(worker).start(worker)
    worker.timer.call_repeatedly.assert_not_called()


def test_a_look_that_waited_too_long_is_dropped() -> None:
    assert renewal_schedule(7)[RENEWAL_TASK] == {
        "task": RENEWAL_TASK,
        "schedule": 7.0,
        "options": {"expires": 7.0},
    }


def test_the_task_renews_what_is_due_and_records_it(
    issuer: CountingIssuer, store: GenerationStore, due: Generation, audited: Audited
) -> None:
    renew_certificates.apply(throw=True)

    renewed = store.current()
    assert renewed.id != due.id
    (event,) = audited()
    assert (event["event"], event["outcome"], event["detail"]["purpose"]) == (
        "certificate.renewed",
        "accepted",
        "client",
    )
    assert (event["detail"]["previous_generation"], event["detail"]["generation"]) == (due.id, renewed.id)
    assert event["thumbprint"] == renewed.thumbprint
    assert issuer.operations == ["next"]


def test_the_task_does_nothing_twice(
    issuer: CountingIssuer, store: GenerationStore, due: Generation, audited: Audited
) -> None:
    for _ in range(3):
        renew_certificates.apply(throw=True)

    assert issuer.operations == ["next"]
    assert len(audited()) == 1
    assert store.current_id() != due.id


def test_a_failed_renewal_is_recorded_and_tried_again_by_the_next_look(
    issuer: CountingIssuer, store: GenerationStore, due: Generation, audited: Audited
) -> None:
    issuer.fails_with = {"next": IssuerUnreachable("away"), "first": IssuerUnreachable("away")}
    renew_certificates.apply(throw=True)
    assert store.current_id() == due.id

    issuer.fails_with = {}
    renew_certificates.apply(throw=True)

    assert store.current_id() != due.id
    failed, renewed = audited()
    assert (failed["event"], failed["outcome"], failed["description"]) == (
        "certificate.failed",
        "refused",
        "away",
    )
    assert renewed["event"] == "certificate.renewed"


def test_a_broken_store_does_not_stop_the_task(
    issuer: CountingIssuer, authority: Authority, store: GenerationStore
) -> None:
    authority.publish(store).private_key_path.chmod(0o644)

    renew_certificates.apply(throw=True)

    assert issuer.operations == []


def enrol() -> str:
    output = io.StringIO()
    call_command("enrol", "--wait", "0", stdout=output)
    return output.getvalue()


def test_enrol_gets_a_first_certificate_and_then_leaves_it_alone(
    issuer: CountingIssuer, store: GenerationStore, audited: Audited
) -> None:
    first, second = enrol(), enrol()

    assert first.startswith("client certificate enrolled: CN=partner,O=Partner Ltd,C=GB")
    assert f"x5t#S256 {store.current().thumbprint}" in first
    assert second.startswith("client certificate not due")
    assert issuer.operations == ["first"]
    assert [event["event"] for event in audited()] == ["certificate.enrolled"]


@pytest.mark.usefixtures("audited")
def test_enrol_renews_an_expired_certificate(
    issuer: CountingIssuer, store: GenerationStore, due: Generation
) -> None:
    assert enrol().startswith("client certificate renewed")
    assert store.current_id() != due.id
    assert issuer.operations == ["next"]


@pytest.mark.usefixtures("audited")
def test_enrol_says_why_it_failed(issuer: CountingIssuer) -> None:
    issuer.fails_with["first"] = IssuerRefused("simpleenroll", 401, "unknown participant")

    with pytest.raises(CommandError, match=r"no valid client certificate.*401: unknown participant"):
        enrol()


@pytest.mark.usefixtures("audited")
def test_enrol_without_a_secret_says_where_it_should_be(settings: Settings) -> None:
    with pytest.raises(CommandError, match=str(settings.CERTIFICATE_STORES["client"].secret_file)):
        enrol()


def test_status_shows_the_generation_and_its_remaining_life(client: Client, generation: Generation) -> None:
    status = client.get("/status").json()

    assert (status["client_id"], status["api"]) == ("partner", "https://localhost:8442")
    certificate = status["certificate"]
    assert certificate["state"] == "valid"
    assert certificate["generation"] == generation.id
    assert certificate["x5t#S256"] == generation.thumbprint
    assert certificate["last_rotation"] == generation.obtained_at.isoformat()
    assert certificate["next_rotation"] == RenewalPolicy().due_at(generation).isoformat()
    assert 0 < certificate["remaining_seconds"] <= 60
    assert client.get("/").json().keys() == status.keys()


def test_status_tells_of_an_expired_certificate(generation: Generation, store: GenerationStore) -> None:
    later = generation.not_after + timedelta(seconds=1)

    status = certificate_status(store, later, RenewalPolicy())

    assert (status["state"], status["remaining_seconds"]) == ("expired", 0)


def test_status_tells_of_a_missing_and_of_a_broken_one(
    client: Client, authority: Authority, store: GenerationStore
) -> None:
    assert client.get("/status").json()["certificate"]["state"] == "missing"

    authority.publish(store).private_key_path.chmod(0o644)
    assert client.get("/status").json()["certificate"]["state"] == "broken"


def test_health_answers_also_without_a_certificate(client: Client) -> None:
    response = client.get("/health")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert client.post("/health").status_code == 405
