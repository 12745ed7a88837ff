"""How a service reports what happened: to its audit trail, and to its alarms.

The library calls it through ``core.events.EventReporter``. An event that the trail cannot take raises
NotRecorded, and the answer that it belongs to is not given out.
"""

from collections.abc import Callable
from typing import Any

from operations.alarms.alarms import Alarms
from operations.audit.audit_trail import AuditTrail, TrailUnwritable
from sender_constraint.core.errors import Refusal
from sender_constraint.core.events import Level, NotRecorded
from sender_constraint.core.guidance import RETRY_LATER
from sender_constraint.core.rules import enforces, rule

AUDIT_TRAIL = rule(
    "service.audit-trail",
    "RFC 9110 §15.6.4",
    "The audit trail cannot be written; unrecorded decisions are withheld.",
).explained(
    "an audit trail that records each decision",
    "an audit trail that cannot be written: {reason}",
    RETRY_LATER,
)


class TrailReporter:
    """Reports to an audit trail and to alarms. trail, alarms: return those to use now."""

    def __init__(self, trail: Callable[[], AuditTrail], alarms: Callable[[], Alarms]) -> None:
        self._trail = trail
        self._alarms = alarms

    def record(self, event: str, outcome: str, **fields: Any) -> None:
        """Write one event to the trail. Raises NotRecorded."""
        try:
            self._trail().record(event, outcome, **fields)
        except TrailUnwritable as error:
            raise not_recorded(error) from error

    def refused(self, event: str, refusal: Refusal, **fields: Any) -> None:
        """Write a refusal to the trail. Raises NotRecorded."""
        try:
            self._trail().refused(event, refusal, **fields)
        except TrailUnwritable as error:
            raise not_recorded(error) from error

    def raise_alarm(self, name: str, level: Level, message: str, **detail: Any) -> None:
        """Raise the alarm of this name."""
        self._alarms().raised(name, level, message, **detail)

    def clear_alarm(self, name: str) -> None:
        """Clear the alarm of this name."""
        self._alarms().cleared(name)


@enforces(AUDIT_TRAIL)
def not_recorded(error: TrailUnwritable) -> NotRecorded:
    """RFC 9110 §15.6.4: the response is 503, and the call can be retried."""
    said = f"The audit trail cannot be written: {error.reason}"
    return NotRecorded(AUDIT_TRAIL, said, reason=error.reason, file=str(error.filename))
