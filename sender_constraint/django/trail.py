"""The audit trail of a Django service, by its settings ``SERVICE`` and ``AUDIT_DIR``."""

from functools import cache

from django.conf import settings

from sender_constraint.server.audit_trail import AuditTrail


@cache
def trail() -> AuditTrail:
    """The trail of this service."""
    return AuditTrail(settings.SERVICE, settings.AUDIT_DIR)
