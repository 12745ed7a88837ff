"""The authority in processes of its own, and tools at the other end of the wire."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ca.authority.directory import AuthorityDirectory
from ca.authority.hierarchy import create_hierarchy
from operations.settings.environment import REPOSITORY
from tests.ca.material import PARTNER, PARTNER_DNS
from tests.trail import Trail
from tests.waiting import eventually

# What certificates say; which port the system gives to the server under test is known only later.
STATUS_ORIGIN = "http://status.ca.example"


@dataclass(frozen=True)
class RunningAuthority:
    """The authority in processes of its own."""

    state: Path
    port: int
    public_port: int

    @property
    def trust_bundle(self) -> Path:
        return self.state.parent / "public" / "trust-bundle.pem"

    @property
    def est(self) -> str:
        return f"https://localhost:{self.port}/.well-known/est"

    @property
    def public(self) -> str:
        return f"http://localhost:{self.public_port}"

    @property
    def trail(self) -> Trail:
        return Trail(self.state / "audit" / "audit.jsonl")

    def admit(self, name: str, subject: str = PARTNER, dns: str = PARTNER_DNS) -> str:
        """Returns the one-time secret."""
        file = self.state / f"{name}.secret"
        manage(
            self.state, "participant", "add", name, "--profile", "client", "--subject", subject,
            "--san-dns", dns, "--secret-file", file,
        )  # fmt: skip
        return file.read_text().strip()


def environment(state: Path) -> dict[str, str]:
    ours = {
        "STATE_DIR": str(state),
        "BIND": "127.0.0.1:0",
        "PUBLIC_BIND": "127.0.0.1:0",
        "STATUS_ORIGIN": STATUS_ORIGIN,
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | ours


def manage(state: Path, *arguments: object, **settings: str) -> bytes:
    done = subprocess.run(
        command(*arguments), env=environment(state) | settings, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def command(*arguments: object) -> list[str]:
    return [sys.executable, str(REPOSITORY / "ca" / "manage.py"), *map(str, arguments)]


def start(
    state: Path, configuration: str, application: str, log: Path
) -> tuple[subprocess.Popen[bytes], int]:
    """A gunicorn, and the port that it chose."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", configuration, application],
            cwd=REPOSITORY, env=environment(state), stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def listening() -> re.Match[str] | None:
        assert process.poll() is None, log.read_text()
        return re.search(r"Listening at: https?://127\.0\.0\.1:(\d+)", log.read_text())

    return process, int(eventually(listening, log.read_text)[1])


@contextmanager
def running_authority(state: Path) -> Iterator[RunningAuthority]:
    """Founded a month ago, so that it can have issued what has expired by now."""
    AuthorityDirectory(state / "keys").publish(
        create_hierarchy(datetime.now(UTC) - timedelta(days=30), STATUS_ORIGIN)
    )
    manage(state, "prepare")
    processes = []
    try:
        tls, port = start(state, "ca/gunicorn.conf.py", "ca.wsgi:application", state / "tls.log")
        processes.append(tls)
        public, public_port = start(
            state, "ca/public.gunicorn.conf.py", "ca.public_wsgi:application", state / "public.log"
        )
        processes.append(public)
        yield RunningAuthority(state, port, public_port)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


def tool(folder: Path, *arguments: object) -> bytes:
    done = subprocess.run(list(map(str, arguments)), cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, (arguments, done.stderr.decode())
    return done.stdout
