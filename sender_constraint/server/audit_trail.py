"""The audit trail of a service: one JSON line for each decision."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sender_constraint.errors import Refusal

# What the TLS front refuses, and what no view of an application decides.
HTTP_REQUEST = "http.request"


class AuditTrail:
    """Appends events to ``audit.jsonl`` in the directory of one service.

    Each event is one write to a descriptor opened with O_APPEND, so that the lines of several
    processes never mix. The file is opened for each event: whoever rotates it needs no signal.
    """

    def __init__(self, service: str, directory: Path, clock: Callable[[], datetime] | None = None) -> None:
        self.service = service
        self.path = directory / "audit.jsonl"
        self._clock = clock or (lambda: datetime.now(UTC))
        directory.mkdir(parents=True, exist_ok=True)

    def record(self, event: str, outcome: str, **fields: Any) -> None:
        """Write one event. Fields that are None are left out.

        outcome: ``accepted``, ``refused`` or ``recorded``.
        """
        time = self._clock().isoformat(timespec="milliseconds")
        line = {"time": time, "service": self.service, "event": event, "outcome": outcome}
        line.update((name, value) for name, value in fields.items() if value is not None)
        encoded = json.dumps(line, default=str).encode() + b"\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(descriptor, encoded)
        finally:
            os.close(descriptor)

    def refused(self, event: str, refusal: Refusal, **fields: Any) -> None:
        """Write a refusal: its rule, the section behind it, and what was expected beside what was presented.

        fields: of the caller and the request; one of them may say more than the refusal itself does.
        """
        told = {
            "error": refusal.code,
            "rule": refusal.rule.identifier,
            "section": refusal.rule.clause,
            # So that whoever reads the trail needs no code of the service that wrote it.
            "refuses": refusal.rule.refuses,
            "description": refusal.description,
            "detail": refusal.detail,
        }
        self.record(event, "refused", **{**told, **fields})
