"""What the background tasks of a service did, on disk: what each run found due and did, and how it ended.

    background/<task>.json          the last runs, and when the next one is due; replaced by one rename
    background/<task>.<run>.alive   locked by the run for as long as its process lives; removed at its end
    background/lock                 held while one of them changes

A run is written before it does anything, and after each thing that it did: whoever kills it leaves what it
did until then, and the free lock tells that it is dead. A disk that takes nothing stops no task.
"""

import fcntl
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from operations.tasks.run_records import Ending, RunRecord, TaskRecord, decoded, encoded
from sender_constraint.certificates import durable_files
from sender_constraint.certificates.file_locks import locked

logger = logging.getLogger(__name__)

# Of these many last runs all are kept, and of those that had something to tell as many again.
KEPT_RUNS = 10
# Of the items of a run that failed, so many are named in its record.
NAMED_FAILURES = 5
LONGEST_PROBLEM = 300

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class FailedItem:
    """One of the items of a run, and what was raised while it was worked on."""

    name: str
    error: Exception

    def __str__(self) -> str:
        return f"{self.name}: {type(self.error).__name__}: {self.error}"[:LONGEST_PROBLEM]


@dataclass(slots=True)
class Run:
    """One run that is on. What it finds and does is written when it is said."""

    _write: Callable[["Run"], None]
    id: str
    started: datetime
    found_due: list[str] = field(default_factory=list)
    did: list[str] = field(default_factory=list)
    error: str | None = None
    failed_items: list[FailedItem] = field(default_factory=list)

    def found(self, what: str) -> None:
        """Say what is due."""
        self.found_due.append(what)
        self._write(self)

    def has_done(self, what: str) -> None:
        """Say what was done about it."""
        self.did.append(what)
        self._write(self)

    def failed(self, why: str) -> None:
        """Say that something could not be done; the run may go on with something else."""
        self.error = why if self.error is None else f"{self.error}; {why}"
        self._write(self)

    def each(
        self, items: Iterable[Item], work: Callable[[Item], None], name: Callable[[Item], str] = str
    ) -> None:
        """Do the work for each item. An item that fails is recorded, and the work is done for all others.

        name: of an item, for people. What is raised while the items are listed is passed on.
        """
        failed: list[FailedItem] = []
        try:
            for item in items:
                try:
                    work(item)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is about this item alone
                    failed.append(FailedItem(name(item), error))
        finally:
            # One line of all: to write each would keep the others waiting.
            self.failed_items += failed
            named = "; ".join(map(str, failed[:NAMED_FAILURES]))
            more = len(failed) - NAMED_FAILURES
            if failed:
                self.failed(f"{named}; and {more} more" if more > 0 else named)

    def record(self, ended: Ending, seconds: float | None = None) -> RunRecord:
        """The run as it is to be written."""
        return RunRecord(
            self.id, self.started, ended, seconds, tuple(self.found_due), tuple(self.did), self.error
        )


class Ledger:
    """The background tasks of one service. Safe among threads and processes.

    directory: ``<STATE_DIR>/background``. clock: aware UTC. monotonic: seconds.
    """

    def __init__(
        self,
        directory: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._monotonic = monotonic

    @contextmanager
    def run(self, task: str, every_seconds: float) -> Iterator[Run]:
        """A run of a task that is repeated. What ends the block is recorded, and goes on up."""
        begun = self._monotonic()
        run = Run(lambda changed: self._write(task, changed.record("running")), _run_id(), self._clock())
        next_run = run.started + timedelta(seconds=every_seconds)
        with self._alive(task, run.id):
            self._write(task, run.record("running"), next_run)
            try:
                yield run
            except BaseException as error:
                run.error = f"{type(error).__name__}: {error}"
                raise
            finally:
                ended: Ending = "failed" if run.error else "done"
                self._write(task, run.record(ended, self._monotonic() - begun))

    def read(self, task: str) -> TaskRecord:
        """What is known of a task. A run whose process is gone is ``killed``."""
        record = self._read(task)
        runs = tuple(
            replace(run, ended="killed") if run.ended == "running" and not self._lives(task, run.id) else run
            for run in record.runs
        )
        return TaskRecord(task, record.next_run, runs)

    def _read(self, task: str) -> TaskRecord:
        try:
            return decoded(task, self._file(task).read_bytes())
        except FileNotFoundError:
            return TaskRecord(task)
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.error("what %s did cannot be read, and is begun anew: %s", task, error)
            return TaskRecord(task)

    def _write(self, task: str, run: RunRecord, next_run: datetime | None = None) -> None:
        try:
            with self._alone():
                before = self.read(task)
                others = [each for each in before.runs if each.id != run.id]
                runs = _kept(sorted([run, *others], key=lambda each: each.started, reverse=True))
                record = TaskRecord(task, next_run or before.next_run, runs)
                durable_files.replace(self._file(task), encoded(record), durable_files.PRIVATE)
                self._sweep(task, runs)
        except OSError as error:
            logger.error("what %s did could not be written: %s", task, error)

    @contextmanager
    def _alive(self, task: str, run_id: str) -> Iterator[None]:
        file = self._alive_file(task, run_id)
        try:
            with self._alone():  # or whoever sweeps would take it for a dead one's before it is locked
                descriptor = os.open(file, os.O_RDWR | os.O_CREAT, durable_files.PRIVATE)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            logger.error("a run of %s could not be marked: %s", task, error)
            yield
            return
        try:
            yield
        finally:
            with suppress(OSError):
                file.unlink()
            os.close(descriptor)

    def _lives(self, task: str, run_id: str) -> bool:
        try:
            descriptor = os.open(self._alive_file(task, run_id), os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(descriptor)

    def _sweep(self, task: str, runs: Sequence[RunRecord]) -> None:
        """Remove the marks that killed runs left."""
        running = {self._alive_file(task, run.id) for run in runs if run.ended == "running"}
        for file in self._directory.glob(f"{task}.*.alive"):
            if file not in running and not self._lives(task, file.name.split(".")[-2]):
                with suppress(FileNotFoundError):
                    file.unlink()

    def _file(self, task: str) -> Path:
        return self._directory / f"{task}.json"

    def _alive_file(self, task: str, run_id: str) -> Path:
        return self._directory / f"{task}.{run_id}.alive"

    def _alone(self) -> AbstractContextManager[None]:
        return locked(self._directory / "lock")


def _run_id() -> str:
    return secrets.token_hex(6)


def _kept(runs: Sequence[RunRecord]) -> tuple[RunRecord, ...]:
    telling = [run for run in runs if run.tells][:KEPT_RUNS]
    return tuple(run for place, run in enumerate(runs) if place < KEPT_RUNS or run in telling)
