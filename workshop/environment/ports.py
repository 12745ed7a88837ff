"""The ports of the environment, and what to say when one of them is taken."""

import contextlib
import random
import socket
import subprocess
from dataclasses import astuple, dataclass
from pathlib import Path

# /proc/net/tcp's number for a socket that listens.
_LISTENING = "0A"

# Linux gives outgoing connections ports from 32768 on, macOS from 49152.
_QUIET_PORTS = range(15000, 32000)
_chance = random.SystemRandom()
_given: set[int] = set()


@dataclass(frozen=True)
class Ports:
    """Where everything listens, on the loopback interface."""

    ca: int = 8440
    ca_public: int = 8480
    authserver: int = 8441
    bank_api: int = 8442
    partner_client: int = 8000
    ca_pages: int = 8001
    authserver_pages: int = 8002
    bank_api_pages: int = 8003
    redis_operator: int = 8450
    redis_bank: int = 8451
    redis_partner: int = 8452
    redis_other_partner: int = 8453

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nobody uses now, for tests beside a running environment."""
        return cls(*(free_port() for _ in astuple(cls())))

    def taken(self) -> list[int]:
        """The ports that somebody listens on already."""
        return [port for port in astuple(self) if _is_taken(port)]


def free_port() -> int:
    """A port that nobody uses now, another one at each call of this process.

    It lies below those that the system gives to outgoing connections: one of them could take it before
    its server does.
    """
    while True:
        port = _chance.choice(_QUIET_PORTS)
        if port not in _given and not _is_taken(port):
            _given.add(port)
            return port


def holder(port: int) -> tuple[int, str] | None:
    """Process id and command of who listens on ``port``, where this user may know it."""
    for process_id in _holders_by_proc(port) or _holders_by_lsof(port):
        return process_id, _command(process_id)
    return None


def _is_taken(port: int) -> bool:
    with socket.socket() as attempt:
        # Connections of the last run that wait out their time are no obstacle: servers set this too.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return True
    # On macOS one may bind beside a server on all addresses, and would then shadow it.
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def _holders_by_proc(port: int) -> list[int]:
    sockets = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with contextlib.suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    sockets.add(f"socket:[{fields[9]}]")
    found = []
    for directory in Path("/proc").glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):
            if any(str(descriptor.readlink()) in sockets for descriptor in directory.iterdir()):
                found.append(int(directory.parent.name))
    return sorted(found)


def _holders_by_lsof(port: int) -> list[int]:
    try:
        answer = subprocess.run(  # noqa: S603 - the port is a number
            ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-t"],  # noqa: S607 - /usr/bin or /usr/sbin
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return []
    return sorted(int(line) for line in answer.stdout.split())


def _command(process_id: int) -> str:
    answer = subprocess.run(  # noqa: S603 - the process id is a number
        ["ps", "-o", "command=", "-p", str(process_id)],  # noqa: S607 - /bin or /usr/bin
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip()[:100]
