"""The alarms of a Django service, and its reporter: by the settings STATE_DIR, SERVICE and AUDIT_DIR."""

from functools import cache
from typing import Any

from django.conf import settings

from operations.alarms.alarms import Alarms
from operations.alarms.outages import OutageAlarms
from operations.audit.reporter import TrailReporter
from operations.audit.trail import trail
from sender_constraint.core.errors import Refusal
from sender_constraint.core.events import NotRecorded


@cache
def alarms() -> Alarms:
    """The alarms of this service; ``manage.py status`` shows the active ones."""
    return Alarms(settings.STATE_DIR / "alarms", trail())


@cache
def outage_alarms() -> OutageAlarms:
    """Those of this process: made with its first answer, when all of its rules are known."""
    return OutageAlarms(alarms)


class ServiceReporter(TrailReporter):
    """Reports to the trail and the alarms of this service. Answers to callers begin and end outage alarms."""

    def __init__(self) -> None:
        super().__init__(trail, alarms)

    def record(self, event: str, outcome: str, **fields: Any) -> None:
        """Write one event; a call that was served, with its ``status``, may end outage alarms."""
        try:
            super().record(event, outcome, **fields)
        except NotRecorded as missing:
            outage_alarms().felt(missing)
            raise
        if outcome == "accepted" and "status" in fields:
            outage_alarms().served()

    def refused(self, event: str, refusal: Refusal, **fields: Any) -> None:
        """Write a refusal; an alarm is raised where the service itself is the reason."""
        try:
            super().refused(event, refusal, **fields)
        except NotRecorded as missing:
            outage_alarms().felt(missing)
            raise
        finally:
            outage_alarms().felt(refusal)


def service_reporter(_name: str) -> ServiceReporter:
    """What ``REPORTER`` names in the setting ``SENDER_CONSTRAINT`` of a service."""
    return ServiceReporter()
