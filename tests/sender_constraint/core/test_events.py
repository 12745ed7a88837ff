"""Events in Python's logging: one JSON line for each decision, and for each alarm that begins or ends."""

import json
import logging
from datetime import UTC, datetime

import pytest

from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.events import LOGGER, REPEAT_SECONDS, LoggingReporter
from sender_constraint.core.rules import Rule

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = Rule("binding.certificate", "RFC 8705 §3", "The token is bound to another certificate.")


@pytest.fixture
def monotonic() -> list[float]:
    return [0.0]


@pytest.fixture
def reporter(monotonic: list[float], caplog: pytest.LogCaptureFixture) -> LoggingReporter:
    caplog.set_level(logging.INFO, LOGGER)
    return LoggingReporter("orders", clock=lambda: NOW, monotonic=lambda: monotonic[0])


def test_an_event_is_one_line_without_fields_that_are_none(
    reporter: LoggingReporter, caplog: pytest.LogCaptureFixture
) -> None:
    reporter.record("api.call", "accepted", status=200, client_id=None)
    (record,) = caplog.records
    assert (record.name, record.levelno) == (LOGGER, logging.INFO)
    assert json.loads(record.getMessage()) == {
        "time": "2026-03-01T12:00:00.000+00:00",
        "service": "orders",
        "event": "api.call",
        "outcome": "accepted",
        "status": 200,
    }


def test_a_refusal_is_a_warning_with_its_rule_and_what_was_expected(
    reporter: LoggingReporter, caplog: pytest.LogCaptureFixture
) -> None:
    reporter.refused(
        "api.call", InvalidToken(RULE, "Wrong certificate", expected="a", presented="b"), status=401
    )
    (record,) = caplog.records
    event = json.loads(record.getMessage())
    assert record.levelno == logging.WARNING
    assert (event["outcome"], event["error"], event["status"]) == ("refused", "invalid_token", 401)
    assert (event["rule"], event["section"]) == ("binding.certificate", "RFC 8705 §3")
    assert event["detail"] == {"expected": "a", "presented": "b"}


def test_an_alarm_is_reported_when_it_is_new_each_minute_and_when_it_ends(
    reporter: LoggingReporter, monotonic: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    def raised() -> list[tuple[str, str]]:
        events = [json.loads(message) for message in caplog.messages]
        return [(each["event"], each["detail"].get("level", "")) for each in events]

    reporter.clear_alarm("ocsp")
    assert raised() == []
    for _ in range(2):
        reporter.raise_alarm("ocsp", "warning", "no answer", reason="timeout")
    assert raised() == [("alarm.raised", "warning")]
    reporter.raise_alarm("ocsp", "critical", "no answer")
    assert raised()[1:] == [("alarm.raised", "critical")]
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.CRITICAL]
    monotonic[0] += REPEAT_SECONDS
    reporter.raise_alarm("ocsp", "critical", "no answer")
    assert len(raised()) == 3
    for _ in range(2):
        reporter.clear_alarm("ocsp")
    assert raised()[3:] == [("alarm.cleared", "")]
