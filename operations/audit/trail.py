"""The audit trail of a Django service, by its settings ``SERVICE`` and ``AUDIT_DIR``.

A decision that cannot be recorded is withheld: the response is 503, and an alarm gives the reason.
"""

from functools import cache

from django.conf import settings

from operations.audit.audit_trail import AuditTrail, TrailUnwritable
from operations.audit.reporter import not_recorded


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
