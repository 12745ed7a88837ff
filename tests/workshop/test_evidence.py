"""Which audit events belong to a call, and how long one waits for them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from workshop import evidence
from workshop.evidence import AuditReader, Evidence
from workshop.wire import Exchange

NOW = datetime(2030, 1, 1, 12, 0, 0, 500, tzinfo=UTC)
ANSWERED = Exchange(
    "GET",
    "https://localhost/accounts",
    "id-1",
    "127.0.0.1:5000",
    NOW,
    status=401,
    headers={"x-fapi-interaction-id": "id-1"},
)
ENDED_BY_TLS = Exchange(
    "GET", "https://localhost/accounts", "id-1", "127.0.0.1:5000", NOW, alert="decrypt_error"
)


def event(**members: Any) -> dict[str, Any]:
    time = NOW.isoformat(timespec="milliseconds")
    return {"time": time, "event": "api.call", "outcome": "refused", "correlation_id": "id-1", **members}


class Trails:
    """The audit folders of two services."""

    def __init__(self, root: Path) -> None:
        self.folders = {name: root / name for name in ("bank_api", "authserver")}
        for folder in self.folders.values():
            folder.mkdir()
        self.reader = AuditReader(self.folders)

    def write(self, service: str, text: str) -> None:
        with (self.folders[service] / "audit.jsonl").open("a") as file:
            file.write(text)

    def record(self, service: str, **members: Any) -> None:
        self.write(service, json.dumps(event(**members)) + "\n")


@pytest.fixture
def trails(tmp_path: Path) -> Trails:
    return Trails(tmp_path)


def test_an_answered_call_has_the_events_of_its_correlation_id_in_every_service(trails: Trails) -> None:
    trails.record("bank_api", event="one")
    trails.record("authserver", event="two")
    trails.record("bank_api", event="another call's", correlation_id="id-2")

    assert trails.reader.about(ANSWERED).names() == {"one", "two"}


def test_a_call_that_tls_ended_has_the_refusal_of_its_address_and_no_other(trails: Trails) -> None:
    trails.record("bank_api", event="recorded only", peer="127.0.0.1:5000", outcome="recorded")
    trails.record("bank_api", event="another peer's", peer="127.0.0.1:5001")
    trails.record("bank_api", event="before us", peer="127.0.0.1:5000", time="2030-01-01T11:59:59.000+00:00")
    trails.record("bank_api", event="tls.handshake", peer="127.0.0.1:5000", correlation_id=None)

    assert trails.reader.about(ENDED_BY_TLS).names() == {"tls.handshake"}


def test_an_event_that_comes_late_is_waited_for(trails: Trails, monkeypatch: pytest.MonkeyPatch) -> None:
    polls = []

    def write_at_the_second_poll(_: float) -> None:
        polls.append(1)
        if len(polls) == 2:
            trails.record("bank_api", event="late")

    monkeypatch.setattr("workshop.evidence.time.sleep", write_at_the_second_poll)

    assert trails.reader.about(ANSWERED).names() == {"late"}
    assert len(polls) == 2


def test_a_line_that_is_being_written_is_not_read_yet(
    trails: Trails, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = json.dumps(event(event="whole"))
    trails.write("bank_api", whole[:20])
    monkeypatch.setattr("workshop.evidence.time.sleep", lambda _: trails.write("bank_api", whole[20:] + "\n"))

    assert trails.reader.about(ANSWERED).names() == {"whole"}


def test_a_line_that_a_full_disk_cut_short_is_skipped_and_said(
    trails: Trails, caplog: pytest.LogCaptureFixture
) -> None:
    file = trails.folders["bank_api"] / "audit.jsonl"
    file.write_bytes(b'{"time": "203\n\n' + json.dumps(event(rule="a.rule")).encode() + b"\n")
    assert AuditReader(trails.folders).about(ANSWERED).rule == "a.rule"
    assert caplog.text.count("damaged line") == 1


def test_a_call_that_left_no_event_has_none_after_the_wait(
    trails: Trails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "WAIT_SECONDS", 0)

    found = trails.reader.about(ANSWERED)

    assert found.events == ()
    assert (found.refusal, found.rule, found.section) == ({}, None, None)


def test_rule_and_section_are_those_of_the_refusal() -> None:
    recorded = event(event="peer.certificate_header_ignored", outcome="recorded", section="RFC 9440 §4")
    refused = event(rule="binding.certificate", section="RFC 8705 §3")

    found = Evidence((recorded, refused))

    assert (found.rule, found.section) == ("binding.certificate", "RFC 8705 §3")


def test_when_a_certificate_was_revoked_is_known_by_its_serial_number(trails: Trails) -> None:
    for serial, since in (("a1", "2030-01-01T12:00:00.250000+00:00"), ("b2", "2030-01-01T12:00:01+00:00")):
        detail = {"serial": serial, "revoked_at": since}
        trails.record("authserver", event="operator.revoke", outcome="accepted", detail=detail)

    assert trails.reader.revoked_at("a1") == datetime(2030, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)
    assert trails.reader.revoked_at("c3") is None
