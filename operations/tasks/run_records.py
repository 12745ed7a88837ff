"""What is written of each run of a background task."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Ending = Literal["running", "done", "failed", "killed"]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. started: aware UTC; seconds: how long it took, None while it runs and where it was killed."""

    id: str
    started: datetime
    ended: Ending = "running"
    seconds: float | None = None
    found_due: tuple[str, ...] = ()
    did: tuple[str, ...] = ()
    error: str | None = None

    @property
    def tells(self) -> bool:
        """Whether it found or did anything, or did not end well."""
        return bool(self.found_due or self.did) or self.ended != "done"


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A task, its last runs, the newest first, and when the next is due (None: it never ran)."""

    task: str
    next_run: datetime | None = None
    runs: tuple[RunRecord, ...] = ()

    @property
    def last_telling(self) -> RunRecord | None:
        """The last run that had something to tell."""
        return next((run for run in self.runs if run.tells), None)


def encoded(record: TaskRecord) -> bytes:
    """The content of a task's file."""
    document = {
        "task": record.task,
        "next_run": record.next_run.isoformat() if record.next_run else None,
        "runs": [run_document(run) for run in record.runs],
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def run_document(run: RunRecord) -> dict[str, Any]:
    """A run, ready for JSON; times are ISO 8601, UTC."""
    return {
        "id": run.id,
        "started": run.started.isoformat(),
        "ended": run.ended,
        "seconds": None if run.seconds is None else round(run.seconds, 3),
        "found_due": list(run.found_due),
        "did": list(run.did),
        "error": run.error,
    }


def decoded(task: str, content: bytes) -> TaskRecord:
    """What a task's file says. Raises ValueError, KeyError or TypeError."""
    document = json.loads(content)
    next_run = document["next_run"]
    runs = tuple(
        RunRecord(
            each["id"],
            datetime.fromisoformat(each["started"]),
            each["ended"],
            each["seconds"],
            tuple(each["found_due"]),
            tuple(each["did"]),
            each["error"],
        )
        for each in document["runs"]
    )
    return TaskRecord(task, datetime.fromisoformat(next_run) if next_run else None, runs)
