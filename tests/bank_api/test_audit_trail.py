"""The API without a writable audit trail: no answer leaves without its event."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from bank_api.payments.models import Payment
from operations.alarms import outages
from operations.alarms.service import alarms
from operations.status.current import status_document
from tests.bank_api.caller import Caller, Verdict
from tests.sender_constraint.pki import Issued
from tests.trail import unwritable

ALARM = "service-audit-trail"

pytestmark = [pytest.mark.django_db, pytest.mark.clause("RFC 9110 §15.6.4")]


@pytest.fixture(autouse=True)
def _own_alarms(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Without the ten seconds that an outage has to be over."""
    monkeypatch.setattr(outages, "SETTLED_SECONDS", 0.0)
    yield
    alarms().cleared(ALARM)


def unavailable(response: Any) -> None:
    assert response.status_code == 503, response.content
    assert response.headers["Retry-After"] == "1"
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json()["detail"] == "The audit trail cannot be written: Is a directory"


def standing() -> list[str]:
    return [alarm.name for alarm in alarms().standing()]


def test_no_call_is_answered_until_its_event_can_be_written(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.get("/accounts"))
    with unwritable(verdict.trail.file):
        for _ in range(2):
            unavailable(partner.get("/accounts"))
        assert standing() == [ALARM] == [outages.name_of("service.audit-trail")]
    verdict.accepted(partner.get("/accounts"))
    assert standing() == []
    (interrupted,) = [each for each in verdict.trail.events() if each["event"] == "trail.interrupted"]
    assert interrupted["detail"]["missing"] >= 2


def test_a_refusal_that_cannot_be_recorded_is_answered_so_too(
    partner: Caller, other_certificate: Issued, verdict: Verdict
) -> None:
    thief = partner.on(other_certificate)
    verdict.refused(thief.get("/accounts"), 401, "invalid_token", "binding.certificate")
    with unwritable(verdict.trail.file):
        for refused in (
            thief.get("/accounts"),
            thief.get("/nowhere"),
            thief.but(token=None).get("/accounts"),
        ):
            unavailable(refused)
            assert "WWW-Authenticate" not in refused.headers
    verdict.refused(thief.get("/accounts"), 401, "invalid_token", "binding.certificate")


def test_headers_that_claim_a_certificate_are_recorded_or_nothing_is_answered(
    partner: Caller, verdict: Verdict
) -> None:
    with unwritable(verdict.trail.file):
        response = Client().get("/health", headers={"Client-Cert": ":AAAA:"})
        assert response.status_code == 503
    verdict.accepted(partner.get("/accounts"))


def test_a_payment_whose_event_could_not_be_written_is_made_once_and_recorded_by_its_repetition(
    partner: Caller, instruction: Any, verdict: Verdict
) -> None:
    with unwritable(verdict.trail.file):
        # The first call cannot know it yet; the second one is refused before anything is booked.
        unavailable(partner.pays(instruction, "first"))
        assert Payment.objects.count() == 1
        unavailable(partner.pays(instruction, "second"))
        assert Payment.objects.count() == 1
    paid = verdict.accepted(partner.pays(instruction, "first"), 201)
    assert Payment.objects.count() == 1
    assert verdict.trail.last()["detail"] == {"payment": paid["id"], "replayed": True}
    verdict.accepted(partner.pays(instruction, "second"), 201)
    assert Payment.objects.count() == 2


def test_health_says_that_the_trail_cannot_be_written_before_a_call_finds_out(verdict: Verdict) -> None:
    assert Client().get("/health").status_code == 200
    with unwritable(verdict.trail.file):
        unavailable(Client().get("/health"))
        assert standing() == [ALARM]
    assert Client().get("/health").json() == {"status": "ok"}


def test_status_says_so_from_another_process_where_no_alarm_could_be_written(verdict: Verdict) -> None:
    assert [each["name"] for each in status_document()["alarms"] if each["name"] == ALARM] == []
    with unwritable(verdict.trail.file):
        (found,) = [each for each in status_document()["alarms"] if each["name"] == ALARM]
        assert (found["level"], found["message"]) == (
            "critical",
            "The audit trail cannot be written: Is a directory",
        )


def test_an_alarm_that_no_disk_takes_is_known_to_its_process(
    partner: Caller, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with unwritable(verdict.trail.file), monkeypatch.context() as disk:
        disk.setattr("sender_constraint.certificates.durable_files.replace", full)
        unavailable(partner.get("/accounts"))
        assert standing() == [ALARM]
    verdict.accepted(partner.get("/accounts"))
    assert standing() == []


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_under_the_database_is_an_outage_of_it(
    partner: Caller, instruction: Any, verdict: Verdict
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite can be told how many pages a database may have")
    verdict.accepted(partner.pays(instruction, "first"), 201)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        (pages,) = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        try:
            answers = [partner.pays(instruction, f"key-{number}") for number in range(200)]
            assert {each.status_code for each in answers} == {201, 503}
            refused = next(number for number, each in enumerate(answers) if each.status_code == 503)
            event = verdict.problem(partner.pays(instruction, f"key-{refused}"), 503, "service.database")
            assert event["detail"]["reason"] == "database or disk is full"
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    before = Payment.objects.count()
    verdict.accepted(partner.pays(instruction, f"key-{refused}"), 201)
    verdict.accepted(partner.pays(instruction, f"key-{refused}"), 201)
    assert Payment.objects.count() == before + 1
