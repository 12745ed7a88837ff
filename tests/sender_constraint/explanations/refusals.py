"""Audit events of refusals, as a service writes them and a reader of its trail gets them."""

import json
from pathlib import Path
from typing import Any

from operations.audit.audit_trail import AuditTrail
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.rules import Rule

CORRELATION_ID = "0b9d4f7c-5c0e-4b5e-9d57-3f1d8a6f0c11"


def refused(rule: str, **detail: Any) -> dict[str, Any]:
    """An event with this rule and detail. The fields beside them are those of some call."""
    return {
        "time": "2026-03-01T12:00:00.000+00:00",
        "service": "bank_api",
        "event": "api.call",
        "outcome": "refused",
        "correlation_id": CORRELATION_ID,
        "rule": rule,
        "section": "RFC 0000 §1",
        "refuses": "Something is wrong.",
        "detail": detail,
    }


def recorded(rule: Rule, folder: Path, **detail: Any) -> dict[str, Any]:
    """The event as the trail of a service has it, after it was written and read."""
    trail = AuditTrail("service", folder)
    trail.refused("event", InvalidToken(rule, "What the caller is told", **detail), status=401)
    event: dict[str, Any] = json.loads(trail.path.read_text().splitlines()[-1])
    return event
