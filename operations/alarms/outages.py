"""Alarms about dependencies of a service that are down: raised with the first caller that is refused for it.

They are those of the rules of the area ``service`` (database, trust bundle, issuer's keys), and of
``token.status-stale``. Each has its own alarm, such as ``service-database``. It ends with a successful call,
unless a caller was refused for the same reason shortly before: reads may succeed while writes fail.
"""

import threading
import time
from collections.abc import Callable

from operations.alarms.alarms import Alarms
from sender_constraint.core.errors import Refusal
from sender_constraint.core.rules import Rule, all_rules

AREA = "service."
ALSO = ("token.status-stale",)
SETTLED_SECONDS = 10.0


class OutageAlarms:
    """What one process knows of outages. Safe among threads and greenlets.

    alarms: returns those to use now. monotonic: seconds.
    """

    def __init__(self, alarms: Callable[[], Alarms], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._alarms = alarms
        self._monotonic = monotonic
        self._lock = threading.Lock()
        # Any of them may be active from an earlier process.
        self._felt_at = {name_of(rule.identifier): float("-inf") for rule in all_rules() if _is_outage(rule)}

    def felt(self, refusal: Refusal) -> None:
        """A caller was refused: raise an alarm if the service itself is the reason."""
        if not _is_outage(refusal.rule):
            return
        name = name_of(refusal.rule.identifier)
        with self._lock:
            self._felt_at[name] = self._monotonic()
        told = refusal.rule.refuses
        self._alarms().raised(name, "critical", f"Callers are refused. {told}", **refusal.detail)

    def served(self) -> None:
        """A caller was served: clear the alarms that have had no refusal for a while."""
        if not self._felt_at:
            return
        settled = self._monotonic() - SETTLED_SECONDS
        with self._lock:
            over = [name for name, felt_at in self._felt_at.items() if felt_at < settled]
            for name in over:
                del self._felt_at[name]
        for name in over:
            self._alarms().cleared(name)


def name_of(identifier: str) -> str:
    """The alarm of a rule: that of ``service.database`` is ``service-database``."""
    return identifier.replace(".", "-")


def _is_outage(rule: Rule) -> bool:
    return rule.identifier.startswith(AREA) or rule.identifier in ALSO
