"""The bank's API and its partner, as processes, with settings that lead elsewhere than to our own servers."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operations.settings.environment import REPOSITORY
from sender_constraint.certificates.placed import PlacedFiles
from tests.foreign.authorization_server import placed
from tests.sender_constraint.authority import Authority
from tests.waiting import eventually
from workshop.environment.health import answers
from workshop.environment.ports import free_port


@dataclass(frozen=True)
class Service:
    """One of our services, as somebody else sets it up. state: its own directory."""

    name: str
    state: Path
    variables: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """What its processes see."""
        return {"PATH": os.environ["PATH"], "STATE_DIR": str(self.state), **self.variables}

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``manage.py``."""
        command = [sys.executable, f"{self.name}/manage.py", *arguments]
        return subprocess.run(
            command, cwd=REPOSITORY, env=self.environment, capture_output=True, text=True, check=False
        )

    def did(self, *arguments: str) -> str:
        """The same, where it must succeed. Returns its output."""
        ended = self.manage(*arguments)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def trail(self) -> list[dict[str, Any]]:
        """Its audit trail."""
        lines = (self.state / "audit" / "audit.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    @contextmanager
    def served(self, trust_bundle: Path, port: int) -> Iterator[str]:
        """Serve it over TLS. Yields its origin."""
        log = self.state.with_suffix(".log")
        with log.open("w") as output:
            running = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "gunicorn",
                    "-c",
                    f"{self.name}/gunicorn.conf.py",
                    f"{self.name}.wsgi",
                ],
                cwd=REPOSITORY,
                env=self.environment | {"BIND": f"127.0.0.1:{port}"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

        def healthy() -> bool:
            assert running.poll() is None, log.read_text()
            return answers(f"https://localhost:{port}/health", trust_bundle)

        try:
            eventually(healthy, log.read_text)
            yield f"https://localhost:{port}"
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(20)


def bank(folder: Path, scheme: Authority, trust_bundle: Path, **variables: str) -> tuple[Service, str, int]:
    """The bank's API with the accounts of the demo, the name under which it is called, and its port."""
    port = free_port()
    certificate = placed(scheme, folder, "bank-api", server=True)
    as_client = placed(scheme, folder, "bank-as-client")
    own = {
        "RESOURCE": f"https://localhost:{port}",
        "TRUST_BUNDLE": str(trust_bundle),
        "DEMO": "true",
        **files_of("SERVER", certificate),
        **files_of("CLIENT", as_client),
        **variables,
    }
    service = Service("bank_api", folder / "bank_api", own)
    service.did("prepare")
    service.did("enrol")
    return service, f"https://localhost:{port}", port


def partner(folder: Path, scheme: Authority, trust_bundle: Path, **variables: str) -> Service:
    """The partner's client, with a certificate that was put in place if its settings need one."""
    by_keys = variables.get("TOKEN_BINDING") == "dpop"
    own = {
        "TRUST_BUNDLE": str(trust_bundle),
        "CLIENT_ID": "partner",
        **({} if by_keys else files_of("CLIENT", placed(scheme, folder, "partner"))),
        **variables,
    }
    service = Service("partner_client", folder / "partner_client", own)
    service.did("prepare")
    service.did("enrol")
    return service


def files_of(purpose: str, files: PlacedFiles) -> dict[str, str]:
    """The settings that name them."""
    return {
        f"{purpose}_CERTIFICATE_FILE": str(files.certificate),
        f"{purpose}_KEY_FILE": str(files.private_key),
    }
