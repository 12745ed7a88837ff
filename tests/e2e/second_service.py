"""A second instance of a service beside the environment's: same state, keys and audit trail, another port.

Tests start it in ways that no service starts itself.
"""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from operations.settings.environment import REPOSITORY
from tests.waiting import eventually
from workshop.environment.deployment import Deployment
from workshop.environment.health import answers
from workshop.environment.ports import free_port
from workshop.environment.supervision import clean_environment

RULE_OFF_CONFIGURATION = Path("tests/e2e/rule_off.gunicorn.conf.py")
START_SECONDS = 60


def own_configuration(service: str) -> Path:
    """The configuration with which a service starts itself."""
    return Path(service) / "gunicorn.conf.py"


@dataclass(frozen=True)
class SecondService:
    """A running service; ``stop`` it.

    origin: where it listens. log: its output.
    """

    origin: str
    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(
        cls,
        deployment: Deployment,
        service: str,
        configuration: Path,
        variables: Mapping[str, str],
        log: Path,
    ) -> "SecondService":
        """Start it; returns at once. variables: added to its environment."""
        port = free_port()
        state = deployment.states[service]
        own = {"STATE_DIR": str(state), "BIND": f"127.0.0.1:{port}", **variables}
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", str(configuration), f"{service}.wsgi:application"],
                cwd=REPOSITORY,
                env=clean_environment(state.parent) | own,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return cls(f"https://localhost:{port}", process, log)

    def wait_until_healthy(self, trust_bundle: Path) -> None:
        """Wait until it answers; fails with its log if it does not."""

        def healthy() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            return answers(f"{self.origin}/health", trust_bundle)

        eventually(healthy, self.log.read_text, seconds=START_SECONDS)

    def stop(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait()
