"""The Celery application of a service: a worker for its background tasks, with their schedule.

Settings: ``REDIS_URL`` names the broker, ``BACKGROUND_TASKS`` what is done, and how often.
"""

import logging
import os
from typing import Any

from celery import Celery, bootsteps
from celery.signals import worker_ready
from celery.worker import state
from celery.worker.components import Beat, Timer
from django.conf import settings

from operations.tasks.background import declared_tasks, schedule_of

logger = logging.getLogger(__name__)

SCHEDULE_WATCH_SECONDS = 2.0
EX_SCHEDULE_DIED = 1


def worker_of(service: str) -> Celery:
    """The application of the service whose settings module is ``<service>.settings``."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{service}.settings")
    app = Celery(service)
    app.conf.update(
        broker_url=settings.REDIS_URL,
        broker_transport_options={"socket_connect_timeout": 5, "socket_timeout": 30},
        # A broker that is away comes back: worker and schedule wait for it, for as long as it takes.
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_ignore_result=True,
        imports=tuple(task.module for task in declared_tasks()),
        beat_schedule=schedule_of(declared_tasks()),
        # In memory: whether something is due, the thing itself says, and no file. Celery's own keeps one
        # (SQLite from Python 3.13 on), whose descriptor an embedded schedule may lose after its fork.
        beat_scheduler="celery.beat:Scheduler",
    )
    app.steps["worker"].add(ScheduleWatch)
    worker_ready.connect(look_at_once, weak=False)
    return app


def look_at_once(sender: Any, **_as_celery_passes: Any) -> None:
    """Run each task when a worker starts: the schedule comes to it only after its first interval.

    sender: the worker's consumer.
    """
    for task in declared_tasks():
        sender.app.send_task(task.celery_name, expires=float(task.every_seconds))


class ScheduleWatch(bootsteps.StartStopStep):
    """Ends a worker whose embedded schedule is dead, for whoever keeps it up to start both anew.

    Celery itself does not look: such a worker would stay, and no certificate would ever be renewed.
    """

    requires = (Timer, Beat)

    def start(self, worker: Any) -> None:
        """Look every so often, if there is a schedule to look at."""
        if worker.beat is not None:
            worker.timer.call_repeatedly(SCHEDULE_WATCH_SECONDS, self._look, (worker.beat,))

    def _look(self, schedule: Any) -> None:
        if not schedule.is_alive():
            logger.critical("the schedule died (%s), and the worker ends with it", schedule.exitcode)
            state.should_stop = EX_SCHEDULE_DIED  # type: ignore[assignment]  # untyped: its default is None
