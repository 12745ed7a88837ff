"""The worker's task, the command that enrols, and what people see of it."""

import errno
import io
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import Mock

import pytest
from celery.worker import state
from cryptography import x509
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from operations.alarms.service import alarms
from operations.certificates import renewal
from operations.certificates.renewal import certificate_renewal, renew_certificates
from operations.certificates.stores import DeclaredStore
from operations.tasks.background import ledger, schedule_of
from operations.tasks.worker import EX_SCHEDULE_DIED, ScheduleWatch, look_at_once
from partner_client.celery import app
from partner_client.rotation.status import certificate_status
from sender_constraint.certificates.errors import IssuerRefused, IssuerUnreachable, NoEnrolmentSecret
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.rotation import RenewalPolicy, ensure_generation
from sender_constraint.core.revocation import CertificateStatus, State
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

    for name in ("background.certificates", "background.expiries"):
        assert name in app.tasks
        assert app.conf.beat_schedule[name]["task"] == name
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


def test_a_worker_looks_at_everything_when_it_starts() -> None:
    consumer = Mock()
    look_at_once(consumer)
    sent = [call.args[0] for call in consumer.app.send_task.call_args_list]
    assert sent == ["background.certificates", "background.expiries"]


def test_a_look_that_waited_too_long_is_dropped() -> None:
    assert schedule_of([certificate_renewal(7)]) == {
        "background.certificates": {
            "task": "background.certificates",
            "schedule": 7.0,
            "options": {"expires": 7.0},
        }
    }


def test_the_task_renews_what_is_due_and_records_it(
    issuer: CountingIssuer, store: GenerationStore, due: Generation, audited: Audited
) -> None:
    renew_certificates.apply(throw=True)

    renewed = store.current()
    assert renewed.id != due.id
    (event,) = decisions(audited)
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
    assert len(decisions(audited)) == 1
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
    failed, renewed = decisions(audited)
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
    issuer.fails_with["first"] = NoEnrolmentSecret("no file")

    renew_certificates.apply(throw=True)

    (alarm,) = alarms().standing()
    assert (alarm.name, alarm.level, alarm.detail["state"]) == ("certificate-client", "critical", "broken")
    assert "chmod 600" in alarm.message


def alarm() -> tuple[str, str] | None:
    """Level and state of the certificate's alarm."""
    found = [each for each in alarms().standing() if each.name == "certificate-client"]
    return (found[0].level, found[0].detail["state"]) if found else None


def test_the_alarm_grows_louder_towards_the_end_and_is_cleared_by_a_renewal(
    issuer: CountingIssuer, authority: Authority, store: GenerationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = authority.publish(store)
    life = generation.not_after - generation.obtained_at
    issuer.fails_with = {"next": IssuerUnreachable("away"), "first": NoEnrolmentSecret("no file")}

    def look_at(moment: datetime) -> tuple[str, str] | None:
        monkeypatch.setattr(renewal, "utc_now", lambda: moment)
        monkeypatch.setattr(renewal, "ensure_generation", partial(ensure_generation, clock=lambda: moment))
        renew_certificates.apply(throw=True)
        return alarm()

    assert look_at(generation.obtained_at + life * 0.5) is None
    assert look_at(generation.obtained_at + life * 0.74) == ("notice", "overdue")
    assert look_at(generation.obtained_at + life * 0.86) == ("warning", "overdue")
    assert look_at(generation.obtained_at + life * 0.96) == ("critical", "overdue")
    assert look_at(generation.not_after + life) == ("critical", "expired")
    issuer.fails_with = {}
    assert look_at(datetime.now(UTC)) is None


def test_a_partner_whose_renewal_is_refused_says_so_and_comes_back_with_a_new_secret_by_itself(
    issuer: CountingIssuer, store: GenerationStore, due: Generation
) -> None:
    refused = IssuerRefused("simplereenroll", 403, "The certificate has been revoked")
    issuer.fails_with = {"next": refused, "first": NoEnrolmentSecret("no file")}
    renew_certificates.apply(throw=True)
    assert alarm() == ("critical", "refused")
    (standing,) = alarms().standing()
    assert "The certificate has been revoked" in standing.message
    assert "client.secret" in standing.message

    issuer.fails_with, issuer.secret = {"next": refused}, "digest of the secret"
    renew_certificates.apply(throw=True)
    assert alarm() is None
    assert store.current().id != due.id


def test_a_revoked_certificate_is_an_alarm_before_its_renewal_is_due(
    issuer: CountingIssuer, generation: Generation, own_status: Mock
) -> None:
    own_status.status_of.return_value = CertificateStatus(State.REVOKED, None, None, 0)
    renew_certificates.apply(throw=True)

    assert alarm() == ("critical", "revoked")
    own_status.status_of.assert_called_with(generation.chain[0], generation.chain[1])
    assert issuer.operations == []


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_what_a_revoked_authority_issued_is_replaced_at_the_next_look(
    issuer: CountingIssuer,
    generation: Generation,
    store: GenerationStore,
    own_status: Mock,
    authority: Authority,
    settings: Settings,
) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"TRUST_BUNDLE": authority.trust_bundle}
    renew_certificates.apply(throw=True)
    assert store.current() == generation

    def status(certificate: x509.Certificate, _issuer: x509.Certificate) -> CertificateStatus:
        state = State.REVOKED if certificate == authority.issuing else State.GOOD
        return CertificateStatus(state, None, None, 0)

    own_status.status_of.side_effect = status
    # As long as it has no successor the authority issues nothing.
    issuer.fails_with = {"next": IssuerUnreachable("away")}
    renew_certificates.apply(throw=True)
    assert alarm() == ("critical", "of a revoked issuer")
    own_status.status_of.assert_any_call(authority.issuing, authority.root)

    issuer.fails_with = {}
    own_status.status_of.side_effect = None  # of the successor
    renew_certificates.apply(throw=True)
    assert store.current() != generation
    assert alarm() is None
    renew_certificates.apply(throw=True)
    assert issuer.operations == ["next", "next"]


def test_a_disk_that_is_full_is_an_alarm_and_the_old_certificate_serves(
    issuer: CountingIssuer, authority: Authority, store: GenerationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = authority.publish(store)
    moment = RenewalPolicy().due_at(generation)
    monkeypatch.setattr(renewal, "utc_now", lambda: moment)
    monkeypatch.setattr(renewal, "ensure_generation", partial(ensure_generation, clock=lambda: moment))
    with monkeypatch.context() as patched:
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        patched.setattr("tempfile.mkdtemp", Mock(side_effect=full))
        renew_certificates.apply(throw=True)

    assert alarm() == ("warning", "unwritable")
    assert store.current() == generation
    renew_certificates.apply(throw=True)
    assert alarm() is None
    assert len(issuer.operations) == 2


@pytest.mark.usefixtures("issuer", "due")
def test_what_the_task_found_and_did_is_on_record() -> None:
    renew_certificates.apply(throw=True)

    last = ledger().read("certificates").runs[0]
    assert last.ended == "done"
    assert last.found_due == ("client certificate: due",)
    assert last.did[0].startswith("client certificate: renewed, until ")


def decisions(audited: Audited) -> list[dict[str, Any]]:
    """What was recorded but for alarms."""
    return [event for event in audited() if not event["event"].startswith("alarm.")]


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
    assert {task["name"] for task in status["tasks"]} == {"certificates", "expiries"}
    assert status["expiries"][0]["what"] == "client certificate"


def test_people_see_the_same_as_a_page(client: Client, generation: Generation) -> None:
    answer = client.get("/")
    page = answer.content.decode()

    assert answer.headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "<script" not in page
    for words in (generation.thumbprint, "client certificate", "background task", "https://localhost:8442"):
        assert words in page
    for address in ("/static/rotation/home.css", "/static/rotation/icon.svg"):
        assert address in page
        served = client.get(address)
        assert served.status_code == 200
        assert b"".join(served)
        served.close()


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
