"""The audit trail of a Django service, by its settings ``SERVICE`` and ``AUDIT_DIR``.

A decision that cannot be recorded is withheld: the response is 503, and an alarm gives the reason.
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
    """The event of this call could not be recorded."""


@cache
def trail() -> AuditTrail:
    """The trail of this service."""
    return AuditTrail(settings.SERVICE, settings.AUDIT_DIR)


def check_trail() -> None:
    """Check, before anything is changed, that the last event of this process was recorded.

    Raises NotRecorded.
    """
    try:
        trail().resume()
    except TrailUnwritable as error:
        raise not_recorded(error) from error


def check_trail_has_room() -> None:
    """For ``/health``: check that events can be written. Raises NotRecorded."""
    try:
        trail().check()
    except TrailUnwritable as error:
        raise not_recorded(error) from error


@enforces(AUDIT_TRAIL)
def not_recorded(error: TrailUnwritable) -> NotRecorded:
    """RFC 9110 §15.6.4: the response is 503, and the call can be retried."""
    said = f"The audit trail cannot be written: {error.reason}"
    return NotRecorded(AUDIT_TRAIL, said, reason=error.reason, file=str(error.filename))
