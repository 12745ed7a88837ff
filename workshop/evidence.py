"""What the servers wrote into their audit trails about a call: the reason that the caller never sees."""

import json
import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sender_constraint.core.correlation import CORRELATION_HEADER
from sender_constraint.core.errors import Refusal
from workshop.wire import Exchange

logger = logging.getLogger(__name__)

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


class Trail:
    """One audit trail as far as it was read; each line is read once, however often one looks."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = 0
        self.events: list[dict[str, Any]] = []
        self.by_correlation_id: defaultdict[str | None, list[dict[str, Any]]] = defaultdict(list)
        self.by_peer: defaultdict[str | None, list[dict[str, Any]]] = defaultdict(list)

    def read_on(self) -> None:
        """Read what was written since; a line that is still being written waits for the next time."""
        if not self._file.exists():
            return
        with self._file.open("rb") as lines:
            lines.seek(self._offset)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                if line.strip():
                    self._take(line)

    def _take(self, line: bytes) -> None:
        """A line that a full disk cut short is no event: it is skipped, and said."""
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if isinstance(event, dict):
            self._keep(event)
        else:
            logger.warning("%s has a damaged line, which is skipped", self._file)

    def _keep(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self.by_correlation_id[event.get("correlation_id")].append(event)
        self.by_peer[event.get("peer")].append(event)


class AuditReader:
    """Reads the audit trails of the services, each from its own folder."""

    def __init__(self, directories: Mapping[str, Path]) -> None:
        self._trails = [Trail(directory / "audit.jsonl") for directory in directories.values()]

    def about(self, exchange: Exchange) -> Evidence:
        """The events of an exchange: by the correlation id of its answer, or by address if TLS ended it.

        The server writes an event before it answers, but it learns of a failed handshake when its peer
        does: so this waits for the first event, for at most WAIT_SECONDS. What the caller's own side refused
        no server knows of.
        """
        if exchange.refusal is not None:
            return Evidence((_told_by_caller(exchange.refusal),))
        if not exchange.local_address and exchange.status is None:
            return Evidence(())
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            events = tuple(self._written_about(exchange))
            if events or time.monotonic() > deadline:
                return Evidence(events)
            time.sleep(POLL_SECONDS)

    def issued(self, thumbprint: str) -> dict[str, Any]:
        """The event of the enrolment that gave this certificate; empty if no trail has it."""
        events = (event for trail in self._read() for event in trail.events)
        return next((event for event in events if _issued(event) == thumbprint), {})

    def revoked_at(self, serial: str) -> datetime | None:
        """When the operator's command revoked the certificate with this serial number; None if it did not."""
        events = (event for trail in self._read() for event in trail.events)
        details = (event["detail"] for event in events if event["event"] == "operator.revoke")
        return next(
            (datetime.fromisoformat(each["revoked_at"]) for each in details if each["serial"] == serial), None
        )

    def _written_about(self, exchange: Exchange) -> Iterator[dict[str, Any]]:
        for trail in self._read():
            if exchange.status is None:
                refused = (event for event in trail.by_peer[exchange.local_address] if _is_refusal(event))
                yield from (event for event in refused if _time(event) >= exchange.started_at - CLOCK_STEP)
            else:
                yield from trail.by_correlation_id[exchange.headers.get(CORRELATION_HEADER)]

    def _read(self) -> list[Trail]:
        for trail in self._trails:
            trail.read_on()
        return self._trails


def _told_by_caller(refusal: Refusal) -> dict[str, Any]:
    broken = refusal.rule
    return {"event": "caller", "outcome": "refused", "rule": broken.identifier, "section": broken.clause}


def _is_refusal(event: dict[str, Any]) -> bool:
    return bool(event["outcome"] == "refused")


def _time(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["time"])


def _issued(event: dict[str, Any]) -> str | None:
    by_est = event["event"].startswith("est.") and event["outcome"] == "accepted"
    return event.get("detail", {}).get("thumbprint") if by_est else None
