"""What ``manage.py status`` says of a service, for people and, as JSON, for programs.

The document::

    service, time                 who says so, and when
    state                         ok, or the level of the loudest alarm
    tasks                         each: name, what, every_seconds, next_run, late, last, last_telling
    expiries                      each: name, what, phase, begins, ends, remaining_seconds, level
    alarms                        each: name, level, message, since, detail

Times are ISO 8601, UTC. An alarm without ``since`` is one that this look found and no task has raised: what
expires is judged anew, and a task that is late tells that its worker is away.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from sender_constraint.server.alarms import LEVELS, Alarm, Level
from sender_constraint.server.expiries import Expiry, duration_text, remaining_text
from sender_constraint.server.run_records import TaskRecord, run_document

# A task is late when it should have run twice since; a short one may be held up by another one's request.
SHORTEST_DELAY = timedelta(seconds=30)

_STYLES = {"ok": "green", "notice": "cyan", "warning": "yellow", "critical": "bold red"}


def task_document(record: TaskRecord, what: str, every_seconds: float, now: datetime) -> dict[str, Any]:
    """One background task: its last run, and the last one that had something to tell."""
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
    """Whether it should have run by now; one that never ran is."""
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
    """The alarms that stand, and what this look found besides; the loudest first."""
    told = {alarm.name for alarm in standing}
    documents = [
        _alarm(alarm.name, alarm.level, alarm.message, alarm.since.isoformat(), alarm.detail)
        for alarm in standing
    ]
    for expiry in expiries:
        level = expiry.level(now)
        if level is not None and not told & {expiry.name, f"expiry-{expiry.name}"}:
            documents += [_alarm(expiry.name, level, f"{expiry.what}: {remaining_text(expiry, now)}")]
    reason = "should have run: is its worker up?"
    documents += [_alarm(f"late-{task}", "warning", f"the task {task} {reason}") for task in late]
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
    """Print the document as tables. tasks: those of the background too."""
    now = datetime.fromisoformat(document["time"])
    console.print(Text(f"{document['service']}: {document['state']}", style=_STYLES[document["state"]]))
    tables = [*_alarms(document, now), _expiries(document), *([_tasks(document, now)] if tasks else [])]
    console.print(Group(*tables))


def _alarms(document: Mapping[str, Any], now: datetime) -> Iterable[Table]:
    if document["alarms"]:
        alarms = _table("alarm", "level", "since", "message")
        for each in document["alarms"]:
            since = _ago(each["since"], now) if each["since"] else "now"
            alarms.add_row(each["name"], _styled(each["level"]), since, each["message"])
        yield alarms


def _expiries(document: Mapping[str, Any]) -> Table:
    expiries = _table("expires", "in", "phase", "level")
    for each in document["expiries"]:
        left = each["remaining_seconds"]
        expiries.add_row(
            each["what"],
            "-" if left is None else _signed(left),
            each["phase"],
            _styled(each["level"] or "ok"),
        )
    return expiries


def _tasks(document: Mapping[str, Any], now: datetime) -> Table:
    tasks = _table("background task", "every", "last run", "took", "ended", "found due, did", "next")
    for each in document["tasks"]:
        tasks.add_row(*_task_row(each, now))
    return tasks


def _task_row(task: Mapping[str, Any], now: datetime) -> list[str | Text]:
    last, telling = task["last"], task["last_telling"]
    upcoming = "late" if task["late"] else _signed(_seconds(task["next_run"], now))
    if last is None:
        return [task["name"], duration_text(task["every_seconds"]), "never", "-", "-", "-", upcoming]
    took = "-" if last["seconds"] is None else f"{last['seconds']:.2f} s"
    ended = Text(last["ended"], style="" if last["ended"] in ("done", "running") else "red")
    return [
        task["name"],
        duration_text(task["every_seconds"]),
        _ago(last["started"], now),
        took,
        ended,
        "nothing was due" if telling is None else f"{_told(telling)} ({_ago(telling['started'], now)})",
        upcoming,
    ]


def _told(run: Mapping[str, Any]) -> str:
    told = [*run["found_due"], *run["did"], *([run["error"]] if run["error"] else [])]
    return "; ".join(told) or str(run["ended"])


def _alarm(
    name: str, level: Level, message: str, since: str | None = None, detail: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {"name": name, "level": level, "message": message, "since": since, "detail": dict(detail or {})}


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _styled(level: str) -> Text:
    return Text(level, style=_STYLES[level])


def _seconds(time: str, now: datetime) -> float:
    return (datetime.fromisoformat(time) - now).total_seconds()


def _ago(time: str, now: datetime) -> str:
    return f"{duration_text(max(0.0, -_seconds(time, now)))} ago"


def _signed(seconds: float) -> str:
    return duration_text(seconds) if seconds >= 0 else f"{duration_text(-seconds)} ago"
