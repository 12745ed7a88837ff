"""The output of ``manage.py status``, as text or JSON.

The document::

    service, time                 the service, and the current time
    state                         ok, or the level of the most severe alarm
    tasks                         each: name, what, every_seconds, next_run, late, last, last_telling
    expiries                      each: name, what, phase, begins, ends, remaining_seconds, level
    alarms                        each: name, level, message, since, detail

Times are ISO 8601, UTC. An alarm without ``since`` was found by this command, and not raised by a task:
expiries are checked again, and a late task means that its worker is down.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from operations.alarms.alarms import Alarm
from operations.expiries.levels import Expiry, remaining_text
from operations.status.tables import StatusTable, tables_of
from operations.tasks.run_records import TaskRecord, run_document
from sender_constraint.core.events import LEVELS, Level

# A task is late if two runs are missing; a frequent one may be delayed by another task.
SHORTEST_DELAY = timedelta(seconds=30)

_STYLES = {"ok": "green", "notice": "cyan", "warning": "yellow", "critical": "bold red"}


def task_document(record: TaskRecord, what: str, every_seconds: float, now: datetime) -> dict[str, Any]:
    """One background task: its last run, and the last one that reported something."""
    last = record.runs[0] if record.runs else None
    return {
        "name": record.task,
        "what": what,
        "every_seconds": every_seconds,
        "next_run": record.next_run.isoformat() if record.next_run else None,
        "late": is_late(record, every_seconds, now),
        "last": run_document(last) if last else None,
        "last_telling": run_document(record.last_telling) if record.last_telling else None,
    }


def is_late(record: TaskRecord, every_seconds: float, now: datetime) -> bool:
    """Whether it is overdue; a task that never ran is."""
    patience = max(timedelta(seconds=2 * every_seconds), SHORTEST_DELAY)
    return record.next_run is None or now > record.next_run + patience


def expiry_document(expiry: Expiry, now: datetime) -> dict[str, Any]:
    """One thing that expires."""
    remaining = expiry.remaining(now)
    return {
        "name": expiry.name,
        "what": expiry.what,
        "phase": expiry.phase,
        "begins": expiry.begins.isoformat() if expiry.begins else None,
        "ends": expiry.ends.isoformat() if expiry.ends else None,
        "remaining_seconds": None if remaining is None else int(remaining.total_seconds()),
        "level": expiry.level(now),
    }


def alarm_documents(
    standing: Sequence[Alarm], expiries: Iterable[Expiry], late: Iterable[str], now: datetime
) -> list[dict[str, Any]]:
    """The active alarms, and those found just now; the most severe first."""
    told = {alarm.name for alarm in standing}
    documents = [
        _alarm(alarm.name, alarm.level, alarm.message, alarm.since.isoformat(), alarm.detail)
        for alarm in standing
    ]
    for expiry in expiries:
        level = expiry.level(now)
        if level is not None and not told & {expiry.name, f"expiry-{expiry.name}"}:
            documents += [_alarm(expiry.name, level, f"{expiry.what}: {remaining_text(expiry, now)}")]
    reason = "is overdue: check that its worker is up"
    documents += [_alarm(f"late-{task}", "warning", f"Task {task} {reason}") for task in late]
    return sorted(documents, key=lambda each: (-LEVELS[each["level"]], each["name"]))


def report(
    service: str,
    now: datetime,
    tasks: Sequence[Mapping[str, Any]],
    expiries: Sequence[Mapping[str, Any]],
    alarms: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The whole document."""
    return {
        "service": service,
        "time": now.isoformat(timespec="seconds"),
        "state": alarms[0]["level"] if alarms else "ok",
        "tasks": list(tasks),
        "expiries": list(expiries),
        "alarms": list(alarms),
    }


def show(document: Mapping[str, Any], console: Console, *, tasks: bool = True) -> None:
    """Print the document as tables. tasks: whether to include background tasks."""
    console.print(Text(f"{document['service']}: {document['state']}", style=_STYLES[document["state"]]))
    console.print(Group(*(_printed(table) for table in tables_of(document, tasks=tasks))))


def _printed(table: StatusTable) -> Table:
    printed = Table(box=None, pad_edge=False, header_style="dim")
    for column in table.columns:
        printed.add_column(column, overflow="fold")
    for row in table.rows:
        printed.add_row(*(Text(cell.text, style=_STYLES.get(cell.level, "")) for cell in row))
    return printed


def _alarm(
    name: str, level: Level, message: str, since: str | None = None, detail: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {"name": name, "level": level, "message": message, "since": since, "detail": dict(detail or {})}
