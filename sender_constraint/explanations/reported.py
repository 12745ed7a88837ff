"""What report mode recorded, counted from its events: clients without proof, and their routes."""

from collections import Counter
from dataclasses import dataclass

from sender_constraint.core.report_mode import REPORTED
from sender_constraint.explanations.search import Sources, named


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


def count_reported(sources: Sources, since: str = "") -> list[Reported]:
    """The counts, most calls first. since: ISO 8601, in UTC. Raises EventsUnreadable."""
    calls: Counter[tuple[str, str, str]] = Counter()
    last: dict[tuple[str, str, str], str] = {}
    for event in named(sources, REPORTED):
        time = str(event.get("time", ""))
        if time < since:
            continue
        detail = event.get("detail")
        route = str(detail.get("route", "")) if isinstance(detail, dict) else ""
        key = (str(event.get("client_id", "")), route, str(event.get("rule", "")))
        calls[key] += 1
        last[key] = max(time, last.get(key, ""))
    return [Reported(*key, number, last[key]) for key, number in calls.most_common()]
