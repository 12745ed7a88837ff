"""What operators see of a service: its alarms and its audit trail."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from operations.management.commands.status import EX_CRITICAL
from operations.settings.environment import REPOSITORY
from tests.e2e.faults.clocks import MovedClock
from workshop.environment.deployment import Deployment


def alarm(deployment: Deployment, service: str, name: str) -> dict[str, Any]:
    """The alarm of a service that stands; empty if none does."""
    return standing_alarm(deployment.states[service], name)


def standing_alarm(state: Path, name: str) -> dict[str, Any]:
    """The alarm that stands in a state directory; empty if none does."""
    try:
        standing: dict[str, Any] = json.loads((state / "alarms" / f"{name}.json").read_bytes())
    except FileNotFoundError:
        return {}
    return standing


def level(deployment: Deployment, service: str, name: str) -> str | None:
    """How loud it is; None if it does not stand."""
    return alarm(deployment, service, name).get("level")


class Events:
    """The events of a service that were recorded since this was made."""

    def __init__(self, deployment: Deployment, service: str) -> None:
        self._file = deployment.audit_file(service)
        self._begin = self._file.stat().st_size if self._file.exists() else 0

    def __call__(self, **expected: Any) -> list[dict[str, Any]]:
        """Those with these fields."""
        lines = self._file.read_bytes()[self._begin :].splitlines() if self._file.exists() else []
        events = [json.loads(line) for line in lines]
        return [each for each in events if expected.items() <= each.items()]


def status(deployment: Deployment, service: str, clock: MovedClock) -> dict[str, Any]:
    """What ``manage.py status --json`` of a service says to who asks when the clock shows another time."""
    moved = (
        "import pathlib, django; django.setup(); "
        "from django.core.management import call_command; import operations.status.current; "
        f"from tests.e2e.faults import clocks; clocks.move_this_process(pathlib.Path({str(clock.file)!r})); "
        "call_command('status', '--json')"
    )
    asked = subprocess.run(
        [sys.executable, "-c", moved],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": f"{service}.settings",
            "STATE_DIR": str(deployment.states[service]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode in (0, EX_CRITICAL), asked.stderr
    document: dict[str, Any] = json.loads(asked.stdout)
    return document
