"""The alarms of a Django service, by its settings ``STATE_DIR``, ``SERVICE`` and ``AUDIT_DIR``."""

from functools import cache

from django.conf import settings

from operations.alarms.alarms import Alarms
from operations.audit.trail import trail


@cache
def alarms() -> Alarms:
    """The alarms of this service; ``manage.py status`` shows those that are active."""
    return Alarms(settings.STATE_DIR / "alarms", trail())
