"""What expires, how much of its life is left, and how loud that is: the thresholds of all such alarms.

The life of a thing counts from when it was obtained or published, not from a backdated start.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sender_constraint.core.events import Level


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The part of a life that is left when an alarm begins, and when it grows louder; its end is critical.

    who: renews it, for people.
    """

    who: str
    notice: float
    warning: float
    critical: float


# Renewed in the last third of its life, and retried at every look: whatever gets here was refused or delayed.
BY_ITSELF = Thresholds("by itself", notice=1 / 4, warning=3 / 20, critical=1 / 20)
# Renewed by people, who need weeks: an authority lives for years.
BY_PEOPLE = Thresholds("by people", notice=1 / 5, warning=1 / 10, critical=1 / 20)


@dataclass(frozen=True, slots=True)
class Expiry:
    """Something that ends.

    name: lower case letters, digits and hyphens; in alarms. what: for people. phase: in what state it is.
    begins, ends: aware UTC; both None for what is not there at all, which is critical.
    thresholds: None for what may end without harm.
    watched: whether the look at expiries raises its alarm (``expiry-<name>``); what renews it does otherwise.
    """

    name: str
    what: str
    begins: datetime | None
    ends: datetime | None
    phase: str = "valid"
    thresholds: Thresholds | None = BY_ITSELF
    watched: bool = True

    def remaining(self, now: datetime) -> timedelta | None:
        """What is left, negative where it has ended; None for what is not there."""
        return None if self.ends is None else self.ends - now

    def level(self, now: datetime) -> Level | None:
        """How loud that is; None if all is well."""
        if self.begins is None or self.ends is None:
            return "critical"
        if self.thresholds is None:
            return None
        return level_of(self.begins, self.ends, now, self.thresholds)


def level_of(begins: datetime, ends: datetime, now: datetime, thresholds: Thresholds) -> Level | None:
    """The level that belongs to the remaining part of a life; None before the first threshold."""
    life = max((ends - begins).total_seconds(), 1e-9)
    left = (ends - now).total_seconds() / life
    if left < thresholds.critical:
        return "critical"
    if left < thresholds.warning:
        return "warning"
    return "notice" if left < thresholds.notice else None


def remaining_text(expiry: Expiry, now: datetime) -> str:
    """For people: ``ends in 12 s``, ``ended 3 h ago``, or in what state it is where there is no end."""
    left = expiry.remaining(now)
    if left is None:
        return expiry.phase
    seconds = left.total_seconds()
    return f"ends in {duration_text(seconds)}" if seconds >= 0 else f"ended {duration_text(-seconds)} ago"


def duration_text(seconds: float) -> str:
    """Seconds in the largest two units that they fill."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, hours, days = seconds / 60, seconds / 3600, seconds / 86400
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{hours:.0f} h" if hours < 48 else f"{days:.0f} d"
