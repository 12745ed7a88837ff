"""The demo as its user runs it: in a process of its own, with folders and ports of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from operations.settings.environment import REPOSITORY
from tests.waiting import eventually
from workshop.environment import processes
from workshop.environment.ports import Ports

DEADLINE_SECONDS = 240

# What ./scripts/demo calls, elsewhere than in var/demo: that one is the user's. A command given for bank-api
# takes the place of its own, which no option of the demo offers.
_PLAY = """
import functools, json, sys
from pathlib import Path
from workshop.demo import play
from workshop.demo.arguments import parser
from workshop.environment.local import Environment
from workshop.environment.ports import Ports

root, ports, commands, *arguments = sys.argv[1:]
play.Environment = functools.partial(Environment, commands=json.loads(commands))
sys.exit(play.play_in_the_right_place(parser().parse_args(arguments), Path(root), Ports(**json.loads(ports))))
"""


@dataclass(frozen=True)
class Ended:
    """A demo that ended: its exit status, what it printed, and its report if it wrote one."""

    status: int
    output: str
    report: dict[str, Any]

    def attempts(self, act: str) -> list[dict[str, Any]]:
        """The rows of the closing table whose act begins so."""
        return [row for row in self.report["rows"] if row["act"].startswith(act)]


class Demo:
    """One place where the demo is played, as often as wanted, once at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ports = Ports.free()
        self.report = root / "report.json"
        self.output = root / "output.txt"

    def begin(self, *arguments: str, bank_api: list[str] | None = None) -> "Playing":
        """Begin to play. bank_api: another command line for that service."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.report.unlink(missing_ok=True)
        commands = {"bank-api": bank_api} if bank_api else {}
        where = [str(self.root), json.dumps(asdict(self.ports)), json.dumps(commands)]
        with self.output.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", _PLAY, *where, "--report", str(self.report), *arguments],
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Playing(self, process)

    def play(self, *arguments: str, bank_api: list[str] | None = None) -> Ended:
        """Play from beginning to end."""
        return self.begin(*arguments, bank_api=bank_api).end()

    def leftovers(self) -> list[str]:
        """What it left behind: processes of its environment, of its folder, and ports that are taken."""
        marked = [f"process {process_id}" for process_id in processes.running(self.root)]
        named = [f"command {command}" for command in _commands_naming(str(self.root))]
        return marked + named + [f"port {port}" for port in self.ports.taken()]


@dataclass(frozen=True)
class Playing:
    """A demo that plays."""

    demo: Demo
    process: subprocess.Popen[bytes]

    def wait_for_output(self, text: str) -> None:
        """Wait until it printed this."""

        def printed() -> bool:
            assert self.process.poll() is None, self.demo.output.read_text()
            return text in self.demo.output.read_text()

        eventually(printed, self.demo.output.read_text, seconds=DEADLINE_SECONDS)

    def interrupt(self) -> None:
        """Ctrl-C, as the terminal sends it: to the whole group."""
        with contextlib.suppress(ProcessLookupError):  # it has ended
            os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> Ended:
        """Wait for the end."""
        status = self.process.wait(DEADLINE_SECONDS)
        report = json.loads(self.demo.report.read_text()) if self.demo.report.exists() else {}
        return Ended(status, self.demo.output.read_text(), report)


def _commands_naming(word: str) -> list[str]:
    listing = subprocess.run(["ps", "-ewwo", "command="], capture_output=True, text=True, check=True)
    return [line for line in listing.stdout.splitlines() if word in line]
