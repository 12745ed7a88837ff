"""What the servers wrote into their audit trails about a call: the reason that the caller never sees."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sender_constraint.correlation import CORRELATION_HEADER
from workshop.wire import Exchange

WAIT_SECONDS = 5.0
POLL_SECONDS = 0.02
# Times in the trail are cut to milliseconds.
CLOCK_STEP = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Evidence:
    """The audit events of one call.

    events: as the servers wrote them, oldest first.
    """

    events: tuple[dict[str, Any], ...]

    @property
    def refusal(self) -> dict[str, Any]:
        """The event of the refusal; empty if the call was not refused."""
        return next((event for event in self.events if event["outcome"] == "refused"), {})

    @property
    def rule(self) -> str | None:
        """The identifier of the rule that refused."""
        return self.refusal.get("rule")

    @property
    def section(self) -> str | None:
        """The section behind that rule."""
        return self.refusal.get("section")

    def names(self) -> set[str]:
        """The names of all events."""
        return {event["event"] for event in self.events}


class AuditReader:
    """Reads the audit trails of the services, each from its own folder."""

    def __init__(self, directories: Mapping[str, Path]) -> None:
        self._files = [directory / "audit.jsonl" for directory in directories.values()]

    def about(self, exchange: Exchange) -> Evidence:
        """The events of an exchange: by the correlation id of its answer, or by address if TLS ended it.

        The server writes an event before it answers, but it learns of a failed handshake when its peer
        does: so this waits for the first event, for at most WAIT_SECONDS.
        """

        def belongs(event: dict[str, Any]) -> bool:
            if exchange.status is None:
                of_peer = event.get("peer") == exchange.local_address and event["outcome"] == "refused"
                return of_peer and datetime.fromisoformat(event["time"]) >= exchange.started_at - CLOCK_STEP
            return event.get("correlation_id") == exchange.headers.get(CORRELATION_HEADER)

        return Evidence(self._wait_for(belongs))

    def issued(self, thumbprint: str) -> dict[str, Any]:
        """The event of the enrolment that gave this certificate; empty if no trail has it."""
        return next((event for event in self._events() if _issued(event) == thumbprint), {})

    def _wait_for(self, belongs: Callable[[dict[str, Any]], bool]) -> tuple[dict[str, Any], ...]:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            events = tuple(event for event in self._events() if belongs(event))
            if events or time.monotonic() > deadline:
                return events
            time.sleep(POLL_SECONDS)

    def _events(self) -> Iterator[dict[str, Any]]:
        for file in self._files:
            if file.exists():
                with file.open() as lines:
                    yield from (json.loads(line) for line in lines if line.endswith("\n"))


def _issued(event: dict[str, Any]) -> str | None:
    by_est = event["event"].startswith("est.") and event["outcome"] == "accepted"
    return event.get("detail", {}).get("thumbprint") if by_est else None
