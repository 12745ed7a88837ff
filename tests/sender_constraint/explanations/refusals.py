"""Audit events of refusals, as a service writes them and a reader of its trail gets them."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from operations.audit.audit_trail import AuditTrail
from operations.settings.environment import REPOSITORY
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.guidance import NO_GUIDANCE, Guidance
from sender_constraint.core.rules import Rule

CORRELATION_ID = "0b9d4f7c-5c0e-4b5e-9d57-3f1d8a6f0c11"

_LIST_RULES = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.every_service"
import django
django.setup()
from tools.rules.program import rules
rules = [[each.identifier, each.clause, each.refuses, each.guidance.fields()] for each in rules()]
print("RULES", json.dumps(rules))
"""


@cache
def every_rule() -> dict[str, Rule]:
    """The rules of all services, by identifier, from a process with a Django project of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "STATE_DIR"}
    command = [sys.executable, "-c", _LIST_RULES]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout.partition("RULES ")[2].splitlines()[0])
    return {
        identifier: Rule(identifier, clause, refuses, Guidance.of_fields(guidance))
        for identifier, clause, refuses, guidance in listed
    }


def refused(rule: str, **detail: Any) -> dict[str, Any]:
    """An event with the guidance of this rule, and this detail. The other fields are those of some call."""
    known = every_rule().get(rule)
    return {
        "time": "2026-03-01T12:00:00.000+00:00",
        "service": "bank_api",
        "event": "api.call",
        "outcome": "refused",
        "correlation_id": CORRELATION_ID,
        "rule": rule,
        "section": "RFC 0000 §1",
        "refuses": "Something is wrong.",
        "guidance": (known.guidance if known else NO_GUIDANCE).fields(),
        "detail": detail,
    }


def recorded(rule: Rule, folder: Path, **detail: Any) -> dict[str, Any]:
    """The event as the trail of a service has it, after it was written and read."""
    trail = AuditTrail("service", folder)
    trail.refused("event", InvalidToken(rule, "What the caller is told", **detail), status=401)
    event: dict[str, Any] = json.loads(trail.path.read_text().splitlines()[-1])
    return event
