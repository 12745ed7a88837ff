"""The alarms of a Django service, by its settings ``STATE_DIR``, ``SERVICE`` and ``AUDIT_DIR``."""

from functools import cache

from django.conf import settings

from sender_constraint.django.trail import trail
from sender_constraint.server.alarms import Alarms


@cache
def alarms() -> Alarms:
    """The alarms of this service; ``manage.py status`` shows those that stand."""
    return Alarms(settings.STATE_DIR / "alarms", trail())
