"""The status of this service now: its background tasks, what expires, and its active alarms."""

from datetime import datetime
from typing import Any

from django.conf import settings

from operations.alarms.alarms import Alarm
from operations.alarms.outages import name_of
from operations.alarms.service import alarms
from operations.audit.reporter import AUDIT_TRAIL
from operations.audit.trail import check_trail_has_room
from operations.expiries.watch import expiries
from operations.status.report import (
    alarm_documents,
    expiry_document,
    report,
    task_document,
)
from operations.tasks.background import declared_tasks, ledger
from sender_constraint.core.clock import utc_now
from sender_constraint.core.events import NotRecorded


def status_document() -> dict[str, Any]:
    """The current status of this service; see ``report``."""
    now = utc_now()
    tasks = [
        task_document(ledger().read(task.name), task.what, task.every_seconds, now)
        for task in declared_tasks()
    ]
    expiring = expiries()
    late = [task["name"] for task in tasks if task["late"]]
    found = alarm_documents([*alarms().standing(), *_of_the_trail(now)], expiring, late, now)
    return report(settings.SERVICE, now, tasks, [expiry_document(each, now) for each in expiring], found)


def _of_the_trail(now: datetime) -> list[Alarm]:
    """The alarm of an audit trail that cannot be written: on a full disk, no alarm file can be either."""
    name = name_of(AUDIT_TRAIL.identifier)
    try:
        check_trail_has_room()
    except NotRecorded as refusal:
        if all(alarm.name != name for alarm in alarms().standing()):
            return [Alarm(name, "critical", refusal.description, now, now)]
    return []
