"""What report mode recorded, counted from the audit trail: clients without proof, and their routes."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from operations.audit.search import named
from sender_constraint.core.report_mode import REPORTED


@dataclass(frozen=True, slots=True)
class Reported:
    """The calls of one client on one route that one rule would have refused.

    route: empty at an authorization server. last: when the latest one was, ISO 8601.
    """

    client_id: str
    route: str
    rule: str
    calls: int
    last: str


def count_reported(directory: Path, since: str = "") -> list[Reported]:
    """The counts in a trail, most calls first. since: ISO 8601, in UTC. Raises TrailUnreadable."""
    calls: Counter[tuple[str, str, str]] = Counter()
    last: dict[tuple[str, str, str], str] = {}
    for event in named(directory, REPORTED):
        time = str(event.get("time", ""))
        if time < since:
            continue
        detail = event.get("detail")
        route = str(detail.get("route", "")) if isinstance(detail, dict) else ""
        key = (str(event.get("client_id", "")), route, str(event.get("rule", "")))
        calls[key] += 1
        last[key] = max(time, last.get(key, ""))
    return [Reported(*key, number, last[key]) for key, number in calls.most_common()]
