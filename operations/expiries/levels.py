"""What expires, how much of its lifetime is left, and the thresholds of alarms about it.

A lifetime starts when the thing was obtained or published, not at a backdated start.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sender_constraint.core.events import Level


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The fraction of a lifetime that is left when the alarm reaches each level.

    who: renews it, in words.
    """

    who: str
    notice: float
    warning: float
    critical: float


# Renewed in the last third of its lifetime, and retried at each check: below this, it was refused or delayed.
BY_ITSELF = Thresholds("automatically", notice=1 / 4, warning=3 / 20, critical=1 / 20)
# Renewed by people, who need weeks: a CA lasts for years.
BY_PEOPLE = Thresholds("by people", notice=1 / 5, warning=1 / 10, critical=1 / 20)


@dataclass(frozen=True, slots=True)
class Expiry:
    """Something that expires.

    name: lower case letters, digits and hyphens; in alarms. what: for people. phase: its state.
    begins, ends: aware UTC; both None if it does not exist, which is critical.
    thresholds: None if it can expire without harm.
    watched: whether ``watch_expiries`` raises its alarm (``expiry-<name>``), and not the code that renews it.
    """

    name: str
    what: str
    begins: datetime | None
    ends: datetime | None
    phase: str = "valid"
    thresholds: Thresholds | None = BY_ITSELF
    watched: bool = True

    def remaining(self, now: datetime) -> timedelta | None:
        """The time left, negative after expiry; None if it does not exist."""
        return None if self.ends is None else self.ends - now

    def level(self, now: datetime) -> Level | None:
        """The level of its alarm; None if there is none."""
        if self.begins is None or self.ends is None:
            return "critical"
        if self.thresholds is None:
            return None
        return level_of(self.begins, self.ends, now, self.thresholds)


def level_of(begins: datetime, ends: datetime, now: datetime, thresholds: Thresholds) -> Level | None:
    """The level for the remaining part of a lifetime; None above the first threshold."""
    life = max((ends - begins).total_seconds(), 1e-9)
    left = (ends - now).total_seconds() / life
    if left < thresholds.critical:
        return "critical"
    if left < thresholds.warning:
        return "warning"
    return "notice" if left < thresholds.notice else None


def remaining_text(expiry: Expiry, now: datetime) -> str:
    """For people: ``expires in 12 s``, ``expired 3 h ago``, or its state if it has no expiry."""
    left = expiry.remaining(now)
    if left is None:
        return expiry.phase
    seconds = left.total_seconds()
    return (
        f"expires in {duration_text(seconds)}" if seconds >= 0 else f"expired {duration_text(-seconds)} ago"
    )


def duration_text(seconds: float) -> str:
    """Seconds, in the largest unit that has at least two."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, hours, days = seconds / 60, seconds / 3600, seconds / 86400
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{hours:.0f} h" if hours < 48 else f"{days:.0f} d"
