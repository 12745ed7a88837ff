"""Events in an application's log, among lines of other loggers."""

import logging
from pathlib import Path

import pytest

from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.events import LOGGER, LoggingReporter
from sender_constraint.core.report_mode import REPORTED
from sender_constraint.core.rules import Rule
from sender_constraint.explanations.command import answer
from sender_constraint.explanations.reported import count_reported
from sender_constraint.explanations.search import EventsUnreadable, Source, Sources, by_correlation_id

ID = "0b9d4f7c-5c0e-4b5e-9d57-3f1d8a6f0c11"
RULE = Rule("token.audience", "RFC 9068 §4", "The token is for another API.")


@pytest.fixture
def log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Sources:
    """A log with a formatter of its own; a refused call, and one that report mode let pass."""
    caplog.set_level(logging.INFO)
    file = tmp_path / "orders.log"
    handler = logging.FileHandler(file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    loggers = [logging.getLogger(name) for name in (LOGGER, "orders")]
    for each in loggers:
        each.addHandler(handler)
    reporter = LoggingReporter("orders")
    reporter.refused("api.call", InvalidToken(RULE, "Wrong audience"), status=401, correlation_id=ID)
    loggers[1].info("the call %s failed", ID)
    detail = {"route": "orders"}
    reporter.record(REPORTED, "recorded", rule="binding.unbound", client_id="slow-coach", detail=detail)
    for each in loggers:
        each.removeHandler(handler)
    handler.close()
    return {"the log": Source([file], is_log=True)}


def test_a_refusal_is_explained_from_the_log(log: Sources) -> None:
    lines = "\n".join(answer(log, correlation_id=ID, peer=None, recent=None, as_json=False))
    assert "rule       token.audience (RFC 9068 §4)" in lines
    assert "damaged" not in lines


def test_a_line_that_is_cut_off_is_counted(log: Sources) -> None:
    (file,) = log["the log"].files
    with file.open("a") as lines:
        lines.write(f'12:00 {{"time": "2026-03-01", "correlation_id": "{ID}"')
    search = by_correlation_id(log, ID)
    assert (len(search.found), search.damaged) == (1, 1)


def test_what_report_mode_let_pass_is_counted_from_the_log(log: Sources) -> None:
    (counted,) = count_reported(log)
    assert (counted.client_id, counted.route, counted.rule, counted.calls) == (
        "slow-coach",
        "orders",
        "binding.unbound",
        1,
    )
    assert count_reported(log, since="2999") == []


def test_a_log_that_is_missing_is_reported_by_name(tmp_path: Path) -> None:
    with pytest.raises(EventsUnreadable, match="nowhere"):
        by_correlation_id({"the log": Source([tmp_path / "nowhere"], is_log=True)}, ID)
