"""The audit trail of a Django service, by its settings ``SERVICE`` and ``AUDIT_DIR``.

A decision that cannot be recorded is not given out: the call is answered 503, and an alarm says why.
"""

from functools import cache

from django.conf import settings

from operations.audit.audit_trail import AuditTrail, TrailUnwritable
from sender_constraint.core.errors import TemporarilyUnavailable
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


class NotRecorded(TemporarilyUnavailable):
    """The event of this call is not in the audit trail. The description says why: the trail cannot."""


@cache
def trail() -> AuditTrail:
    """The trail of this service."""
    return AuditTrail(settings.SERVICE, settings.AUDIT_DIR)


def check_trail() -> None:
    """Refuse to begin what could not be recorded: the last event of this process was not, nor is this one.

    It is asked before anything is changed. Raises NotRecorded.
    """
    try:
        trail().resume()
    except TrailUnwritable as error:
        raise not_recorded(error) from error


def check_trail_has_room() -> None:
    """For ``/health``: events can be written now. Raises NotRecorded."""
    try:
        trail().check()
    except TrailUnwritable as error:
        raise not_recorded(error) from error


@enforces(AUDIT_TRAIL)
def not_recorded(error: TrailUnwritable) -> NotRecorded:
    """RFC 9110 §15.6.4: the call is answered 503, and may be repeated."""
    said = f"The audit trail cannot be written: {error.reason}"
    return NotRecorded(AUDIT_TRAIL, said, reason=error.reason, file=str(error.filename))
