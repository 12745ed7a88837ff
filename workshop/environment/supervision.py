"""The supervisor: its configuration, and talking to it. It starts again whatever dies."""

import os
import secrets
import shlex
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from operations.settings.environment import REPOSITORY
from workshop.environment import reaper
from workshop.environment.processes import MARK, mark_of
from workshop.environment.programs import SERVICES, STORES, Program
from workshop.environment.running import EnvironmentFailure
from workshop.private_files import write_private

# A Unix socket's path has 104 bytes on macOS, 108 on Linux, with the final zero; supervisor adds its process
# id to the name while it binds.
_LONGEST_SOCKET_PATH = 90

# What services are told of the user's environment. Anything else (somebody's DATABASE_URL) would win over
# the settings of the environment.
_INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


class Supervisor:
    """One supervisord, reachable by a Unix socket with a password.

    Once started it needs nobody: what it watches stays up after the process that started it ended.
    """

    def __init__(self, socket: Path, password: str) -> None:
        self.socket = socket
        self.password = password
        # Here, since the container image, which imports this module, holds no supervisor.
        from supervisor.xmlrpc import SupervisorTransport

        self._transport = SupervisorTransport("workshop", password, f"unix://{socket}")
        # The address is the transport's; xmlrpc only wants one that looks like one.
        self._server: Any = xmlrpc.client.ServerProxy("http://localhost", transport=self._transport)

    @classmethod
    def start(cls, root: Path, programs: Iterable[Program], deadline_seconds: float = 10.0) -> "Supervisor":
        """Start supervisord as a daemon with all ``programs``, none of them running yet.

        Raises SupervisorFailed with what it said.
        """
        folder = root / "run"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        supervisor = cls(_socket_path(folder), secrets.token_urlsafe(24))
        text = configuration(root, programs, supervisor.socket, supervisor.password)
        file = write_private(folder / "supervisord.conf", text)
        log = folder / "supervisord.log"
        command = [sys.executable, "-m", "supervisor.supervisord", "--configuration", str(file)]
        process = subprocess.run(  # noqa: S603 - our own interpreter and file
            [*command, "--logfile", str(log), "--pidfile", str(folder / "supervisord.pid")],
            cwd=REPOSITORY,
            env=clean_environment(root),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        deadline = time.monotonic() + deadline_seconds
        while process.returncode or not supervisor.answers():
            if process.returncode or time.monotonic() > deadline:
                said = process.stderr or (log.read_text() if log.exists() else "nothing")
                raise SupervisorFailed(f"supervisord does not start. It says:\n{said[-2000:]}")
            time.sleep(0.02)
        return supervisor

    def process_id(self) -> int:
        """The process id of supervisord itself."""
        return int(self._server.supervisor.getPID())

    def answers(self) -> bool:
        """Whether it listens to us."""
        try:
            return bool(self._server.supervisor.getState()["statename"] == "RUNNING")
        except (OSError, xmlrpc.client.ProtocolError):
            # The transport keeps a connection that failed, and would try to go on with it.
            self._transport.close()
            return False

    def run(self, *programs: Program) -> None:
        """Start these programs; returns at once."""
        for program in programs:
            self._server.supervisor.startProcess(f"{program.group}:{program.name}", False)

    def stop(self, program: Program) -> None:
        """Stop one program, and wait for its end. It stays down until it is run again."""
        self._server.supervisor.stopProcess(f"{program.group}:{program.name}", True)

    def close(self) -> None:
        """Let go of the connection to it. It and what it watches stay up."""
        self._transport.close()

    def states(self) -> Mapping[str, tuple[str, int]]:
        """By program name: the state in supervisor's words, and the process id (0 if none)."""
        listing = self._server.supervisor.getAllProcessInfo()
        return {entry["name"]: (entry["statename"], entry["pid"]) for entry in listing}


class SupervisorFailed(EnvironmentFailure):
    """supervisord did not start; the message holds what it said."""


def clean_environment(root: Path) -> dict[str, str]:
    """What a process of the environment in ``root`` inherits, its mark included."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | {
        MARK: mark_of(root),
        "WORKSHOP_ROOT": str(root),
        "WORKSHOP_REPOSITORY": str(REPOSITORY),
        "PYTHONUNBUFFERED": "1",
    }


def configuration(root: Path, programs: Iterable[Program], socket: Path, password: str) -> str:
    """The text of supervisord.conf."""
    programs = list(programs)

    def value(text: str) -> str:
        """Text as supervisor reads it back: its ``%`` are escapes, and folders may be called ` #1`."""
        escaped = text.replace("%", "%%")
        for name, path in (("WORKSHOP_ROOT", root), ("WORKSHOP_REPOSITORY", REPOSITORY)):
            escaped = escaped.replace(str(path).replace("%", "%%"), f"%(ENV_{name})s")
        return escaped

    sections: dict[str, dict[str, str]] = {
        "supervisord": {"logfile_maxbytes": "5MB", "logfile_backups": "1", "minfds": "256"},
        "unix_http_server": {
            "file": value(str(socket)),
            "chmod": "0600",
            "username": "workshop",
            "password": value(password),
        },
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
        "eventlistener:reaper": {
            "command": value(shlex.join([sys.executable, "-I", "-S", reaper.__file__])),
            "events": "PROCESS_STATE_EXITED,PROCESS_STATE_STOPPED,PROCESS_STATE_BACKOFF",
            "stderr_logfile": value(str(root / "run" / "reaper.log")),
        },
    }
    for priority, group in enumerate((STORES, SERVICES), start=1):
        names = ",".join(program.name for program in programs if program.group == group)
        sections[f"group:{group}"] = {"programs": names, "priority": str(priority)}
    for program in programs:
        sections[f"program:{program.name}"] = {
            "command": value(shlex.join(program.command)),
            "environment": value(",".join(f'{name}="{text}"' for name, text in program.environment.items())),
            "stdout_logfile": value(str(program.log)),
            "stdout_logfile_maxbytes": "5MB",
            "stdout_logfile_backups": "1",
            "redirect_stderr": "true",
            "autostart": "false",
            "autorestart": "true",
            "startsecs": "1",
            "startretries": "3",
            "stopwaitsecs": "10",
            "stopasgroup": "true",
            "killasgroup": "true",
        }
    return "\n".join(
        line
        for name, options in sections.items()
        for line in (f"[{name}]", *(f"{key} = {text}" for key, text in options.items() if text), "")
    )


def _socket_path(folder: Path) -> Path:
    """In the environment's own folder; where that is too deep for a socket, in a private temporary one."""
    socket = folder / "control.sock"
    if len(os.fsencode(socket)) <= _LONGEST_SOCKET_PATH:
        return socket
    temporary = Path(tempfile.mkdtemp(prefix="workshop-"))
    if len(os.fsencode(temporary)) > _LONGEST_SOCKET_PATH - len("/control.sock"):
        temporary.rmdir()
        temporary = Path(tempfile.mkdtemp(prefix="workshop-", dir="/tmp"))
    return temporary / "control.sock"
