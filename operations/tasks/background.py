"""Background tasks of a Django service: declared in its settings, run by its worker, and on record.

In ``settings.py``::

    BACKGROUND_TASKS = [
        certificate_renewal(RENEWAL_CHECK_SECONDS),
        BackgroundTask("crl", "ca.status.tasks", every_seconds=60, what="issues revocation lists"),
    ]

In the module that it names::

    @background_task("crl")
    def issue_lists(run: Run) -> None:
        '''Issue what is due.'''
        def issue_list(each: str) -> None:
            run.found(f"the list of {each}")
            issue(each)
            run.has_done(f"issued the list of {each}")

        run.each(due(), issue_list)

What a task finds, does, and how it ends is in ``<STATE_DIR>/background``, and in ``manage.py status``. A task
is idempotent: it may be killed at any line, and two workers may run it at once. What belongs to several
parties is done by ``run.each``: an item that fails is in the task history and in the audit trail, the alarm
``task-<name>`` is raised, and the other items are done.
"""

import functools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.db import OperationalError

from operations.alarms.service import alarms
from operations.audit.trail import trail
from operations.tasks.ledger import FailedItem, Ledger, Run
from sender_constraint.http.refresh_ahead import FetchFailed

logger = logging.getLogger(__name__)

ITEM_FAILED = "task.item-failed"
# What somebody else's server, the database or the disk causes: the log needs no traceback of it.
FORESEEN = (FetchFailed, OperationalError, OSError)
# An item that fails in every run is reported again after so long, as an alarm is.
TOLD_AGAIN_SECONDS = 60.0
_told: dict[tuple[str, str], float] = {}


@dataclass(frozen=True, slots=True)
class BackgroundTask:
    """A task that the worker repeats.

    name: in the ledger, in alarms and for Celery. module: where ``background_task`` decorates its function.
    what: what it does, for people.
    """

    name: str
    module: str
    every_seconds: float
    what: str

    @property
    def celery_name(self) -> str:
        """By which the schedule calls it."""
        return f"background.{self.name}"


def declared_tasks() -> Sequence[BackgroundTask]:
    """The setting ``BACKGROUND_TASKS``."""
    tasks: Sequence[BackgroundTask] = settings.BACKGROUND_TASKS
    return tasks


def schedule_of(tasks: Sequence[BackgroundTask]) -> dict[str, dict[str, Any]]:
    """A beat schedule. A look that waited until the next one is due is dropped: that one is there already."""
    return {
        task.celery_name: {
            "task": task.celery_name,
            "schedule": float(task.every_seconds),
            "options": {"expires": float(task.every_seconds)},
        }
        for task in tasks
    }


@cache
def ledger() -> Ledger:
    """The ledger of this service."""
    return Ledger(settings.STATE_DIR / "background")


def background_task(name: str) -> Callable[[Callable[[Run], None]], "Task[[], None]"]:
    """Make a function the background task of this name; calling it runs it on record, here and now.

    A failure is tried again by the next run: the schedule is the retry. A delayed retry of Celery's would do
    harm here: the worker holds it unacknowledged, and with such a message in hand it ends when its Redis goes
    away, instead of waiting for it.
    """

    def decorate(work: Callable[[Run], None]) -> "Task[[], None]":
        @functools.wraps(work)
        def perform() -> None:
            _perform(name, work)

        del perform.__wrapped__  # Celery reads the signature, which has no argument
        task: Task[[], None] = shared_task(name=f"background.{name}", ignore_result=True)(perform)
        return task

    return decorate


def _perform(name: str, work: Callable[[Run], None]) -> None:
    alarm = f"task-{name}"
    try:
        with ledger().run(name, _every_seconds(name)) as run:
            try:
                work(run)
            finally:
                _tell_failed_items(name, run.failed_items)
    except (OperationalError, OSError) as error:
        # What passes: a database or a disk that is away. The next run tries again.
        logger.error("%s: %s", name, error)
        alarms().raised(alarm, "warning", f"Task {name} failed: {error}")
    except Exception as error:
        alarms().raised(alarm, "critical", f"Task {name} failed with {type(error).__name__}: {error}")
        raise
    else:
        if run.failed_items:
            first, others = run.failed_items[0], len(run.failed_items) - 1
            more = f" (and {others} more)" if others else ""
            alarms().raised(
                alarm, "warning", f"Task {name} failed for {first}{more}; the other items are done"
            )
        else:
            alarms().cleared(alarm)


def _tell_failed_items(task: str, failed: Sequence[FailedItem]) -> None:
    """To log and trail, each item when it begins to fail and then once a minute."""
    now = time.monotonic()
    for key in [key for key, told_at in _told.items() if now - told_at >= TOLD_AGAIN_SECONDS]:
        del _told[key]
    for item in failed:
        if (task, item.name) in _told:
            continue
        _told[task, item.name] = now
        logger.warning(
            "%s: %s", task, item, exc_info=None if isinstance(item.error, FORESEEN) else item.error
        )
        try:
            trail().record(
                ITEM_FAILED, "recorded", description=str(item)[:300], detail={"task": task, "item": item.name}
            )
        except OSError as error:
            logger.error("the trail could not be written: %s", error)


def _every_seconds(name: str) -> float:
    return next((task.every_seconds for task in declared_tasks() if task.name == name), 0.0)
