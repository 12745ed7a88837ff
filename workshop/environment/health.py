"""Waiting until everything serves, and saying exactly what does not."""

import contextlib
import http.client
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from workshop.environment.programs import Program
from workshop.environment.running import EnvironmentFailure
from workshop.environment.supervision import Supervisor

SHOWN_LOG_LINES = 15
REQUEST_TIMEOUT_SECONDS = 5.0


class Unhealthy(EnvironmentFailure):
    """A program does not come up. The message names it, shows the end of its log and the next step."""


def wait_until_healthy(
    supervisor: Supervisor,
    programs: list[Program],
    trust_bundle: Path,
    tell: Callable[[str], None],
    deadline_seconds: float = 60.0,
) -> None:
    """Wait until every program runs and, where it has a health URL, answers there with 200.

    tell: is given a line for each program that came up. Raises Unhealthy.
    """
    waiting = list(programs)
    deadline = time.monotonic() + deadline_seconds
    while waiting:
        states = supervisor.states()
        for program in list(waiting):
            state = states[program.name][0]
            if state == "FATAL":
                raise Unhealthy(_report(program, "does not start"))
            if state == "RUNNING" and (not program.health or answers(program.health, trust_bundle)):
                waiting.remove(program)
                tell(f"{program.name} is up")
        if waiting and time.monotonic() > deadline:
            state = states[waiting[0].name][0]
            raise Unhealthy(_report(waiting[0], f"is not healthy after {deadline_seconds:.0f} s ({state})"))
        time.sleep(0.1 if waiting else 0)


def answers(url: str, trust_bundle: Path) -> bool:
    """Whether ``url`` answers 200, over TLS that the scheme's authorities vouch for."""
    address = urlsplit(url)
    connection: http.client.HTTPConnection
    if address.scheme == "https":
        try:
            context = ssl.create_default_context(cafile=str(trust_bundle))
        except OSError:
            return False
        connection = http.client.HTTPSConnection(
            address.netloc, timeout=REQUEST_TIMEOUT_SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(address.netloc, timeout=REQUEST_TIMEOUT_SECONDS)
    with contextlib.closing(connection):
        try:
            connection.request("GET", address.path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def end_of(log: Path) -> str:
    """The last lines of a log file, indented."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-SHOWN_LOG_LINES:]
    except FileNotFoundError:
        lines = ["(it wrote nothing)"]
    return "\n".join(f"    {line}" for line in lines)


def _report(program: Program, what: str) -> str:
    return (
        f"{program.name} {what}. The end of its log:\n{end_of(program.log)}\n"
        f"  The whole log: {program.log}\n"
        "  Next: mend what it says and start again; what is past mending may be deleted with its folder."
    )
