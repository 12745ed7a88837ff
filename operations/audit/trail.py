"""The audit trail of a Django service, by its settings ``SERVICE`` and ``AUDIT_DIR``.

A decision that cannot be recorded is not given out: the call is answered 503, and an alarm says why.
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
