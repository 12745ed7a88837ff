"""Before the services start: databases, keys, seed data, certificates; all parties at once."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from operations.settings.environment import REPOSITORY
from workshop.environment.health import end_of
from workshop.environment.parties import Parties
from workshop.environment.programs import project
from workshop.environment.running import EnvironmentFailure
from workshop.environment.supervision import clean_environment

DEADLINE_SECONDS = 90.0


class PreparationFailed(EnvironmentFailure):
    """A service's preparation failed. The message shows the end of its log and the next step."""


@dataclass(frozen=True)
class Preparation:
    """The running preparation of one service."""

    service: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait(self) -> None:
        """Wait for its end. Raises PreparationFailed."""
        try:
            status = self.process.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise PreparationFailed(self._report(f"took longer than {DEADLINE_SECONDS:.0f} s")) from None
        if status:
            raise PreparationFailed(self._report("failed"))

    def _report(self, what: str) -> str:
        return (
            f"the preparation of {self.service} {what}. The end of its log:\n{end_of(self.log)}\n"
            f"  The whole log: {self.log}"
        )


@contextmanager
def of_everyone(root: Path, parties: Parties, participants: Path) -> Iterator[list[Preparation]]:
    """Begin the preparation of all services, the authority's first; the enrolment of the others waits for it.

    root: the environment's folder. participants: the file of those whom the authority is to know.
    """
    begun: list[Preparation] = []
    try:
        load = ["participant", "load", str(participants)]
        # Enrolment waits for the authority, on a busy machine for longer than a command does by itself; the
        # user comes before.
        enrol = ["enrol", "--wait", str(DEADLINE_SECONDS)]
        commands = {
            "ca": [["prepare"], load, ["enrol"], ["first_user"]],
            "authserver": [["prepare"], ["first_user"], enrol],
            "bank_api": [["prepare"], ["first_user"], enrol],
            "partner_client": [["prepare"], enrol],
            "other_partner": [["prepare"], enrol],
        }
        begun.extend(_start(root, parties, service, each) for service, each in commands.items())
        yield begun
    finally:
        for preparation in begun:
            preparation.process.kill()
            preparation.process.wait()


def _start(root: Path, parties: Parties, service: str, commands: list[list[str]]) -> Preparation:
    state = parties.state(service)
    log = state / "log" / "prepare.log"
    words = [word for command in commands for word in ("--", *command)][1:]
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "workshop.environment.management", project(service), *words],
            cwd=REPOSITORY,
            env=clean_environment(root) | {"STATE_DIR": str(state)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return Preparation(service, process, log)
