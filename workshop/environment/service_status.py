"""How each service says that it is: its own ``manage.py status``, asked for all of them at once."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from operations.settings.environment import REPOSITORY
from workshop.environment.parties import SERVICES, Parties
from workshop.environment.programs import project
from workshop.environment.supervision import clean_environment

PATIENCE_SECONDS = 60


def documents(parties: Parties, root: Path) -> list[Mapping[str, Any]]:
    """What each service says, in the order of ``SERVICES``; what cannot be asked is itself critical."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as at_once:
        return list(at_once.map(lambda service: _document(service, parties.state(service), root), SERVICES))


def _document(service: str, state: Path, root: Path) -> Mapping[str, Any]:
    command = [sys.executable, str(REPOSITORY / project(service) / "manage.py"), "status", "--json"]
    try:
        answer = subprocess.run(  # noqa: S603 - our own interpreter and command
            command,
            env=clean_environment(root) | {"STATE_DIR": str(state)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return _unknown(service, [f"it did not say within {PATIENCE_SECONDS} s"])
    try:
        document: dict[str, Any] = json.loads(answer.stdout)
    except ValueError:  # it failed before it could say anything
        return _unknown(service, answer.stderr.splitlines()[-1:])
    # Both partners run the same project, and call themselves the same.
    return {**document, "service": service}


def _unknown(service: str, said: Sequence[str]) -> Mapping[str, Any]:
    message = f"./scripts/manage {service} status failed: {' '.join(said) or 'it said nothing'}"
    alarm: dict[str, Any] = {
        "name": "status",
        "level": "critical",
        "message": message,
        "since": None,
        "detail": {},
    }
    now = "1970-01-01T00:00:00+00:00"
    return {
        "service": service,
        "time": now,
        "state": "critical",
        "tasks": [],
        "expiries": [],
        "alarms": [alarm],
    }
