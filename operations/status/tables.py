"""The document of ``report`` as tables of texts, for a terminal and for a page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from operations.expiries.levels import duration_text


@dataclass(frozen=True, slots=True)
class Cell:
    """A text. level: ``ok`` or an alarm's level, if the text describes a state."""

    text: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class StatusTable:
    """Columns, and rows with one cell for each."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def tables_of(document: Mapping[str, Any], *, tasks: bool = True) -> list[StatusTable]:
    """Active alarms if there are any, expiries, and background tasks if wanted."""
    now = datetime.fromisoformat(document["time"])
    return [
        *_alarms(document["alarms"], now),
        _expiries(document["expiries"]),
        *([_tasks(document["tasks"], now)] if tasks else []),
    ]


def time_text(time: str) -> str:
    """An ISO 8601 time for people: to the second, with UTC."""
    return f"{datetime.fromisoformat(time).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _alarms(alarms: Iterable[Mapping[str, Any]], now: datetime) -> Iterable[StatusTable]:
    rows = tuple(
        (
            Cell(each["name"]),
            Cell(each["level"], each["level"]),
            Cell(_ago(each["since"], now) if each["since"] else "now"),
            Cell(each["message"]),
        )
        for each in alarms
    )
    if rows:
        yield StatusTable(("alarm", "level", "since", "message"), rows)


def _expiries(expiries: Iterable[Mapping[str, Any]]) -> StatusTable:
    rows = []
    for each in expiries:
        left, level = each["remaining_seconds"], each["level"] or "ok"
        rows.append(
            (
                Cell(each["what"]),
                Cell("-" if left is None else _signed(left)),
                Cell(each["phase"]),
                Cell(level, level),
            )
        )
    return StatusTable(("expires", "in", "phase", "level"), tuple(rows))


def _tasks(tasks: Iterable[Mapping[str, Any]], now: datetime) -> StatusTable:
    columns = ("background task", "every", "last run", "took", "ended", "found due, did", "next")
    return StatusTable(columns, tuple(_task_row(each, now) for each in tasks))


def _task_row(task: Mapping[str, Any], now: datetime) -> tuple[Cell, ...]:
    last, telling = task["last"], task["last_telling"]
    name, every = Cell(task["name"]), Cell(duration_text(task["every_seconds"]))
    upcoming = Cell("late" if task["late"] else _signed(_seconds(task["next_run"], now)))
    if last is None:
        return (name, every, Cell("never"), Cell("-"), Cell("-"), Cell("-"), upcoming)
    return (
        name,
        every,
        Cell(_ago(last["started"], now)),
        Cell("-" if last["seconds"] is None else f"{last['seconds']:.2f} s"),
        Cell(last["ended"], "" if last["ended"] in ("done", "running") else "critical"),
        Cell("nothing was due" if telling is None else f"{_told(telling)} ({_ago(telling['started'], now)})"),
        upcoming,
    )


def _told(run: Mapping[str, Any]) -> str:
    told = [*run["found_due"], *run["did"], *([run["error"]] if run["error"] else [])]
    return "; ".join(told) or str(run["ended"])


def _seconds(time: str, now: datetime) -> float:
    return (datetime.fromisoformat(time) - now).total_seconds()


def _ago(time: str, now: datetime) -> str:
    return f"{duration_text(max(0.0, -_seconds(time, now)))} ago"


def _signed(seconds: float) -> str:
    return duration_text(seconds) if seconds >= 0 else f"{duration_text(-seconds)} ago"
