"""Services behind gates, and an environment whose certificates turn while things are wrong."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.faults.clocks import CONFIGURATION, MovedClock
from tests.e2e.faults.gate import Gate
from tests.e2e.second_service import SecondService, own_configuration
from workshop.environment.local import Environment
from workshop.environment.ports import Ports

SHORT_LIFETIME_SECONDS = 20


@pytest.fixture(scope="module")
def gates(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Gate]]:
    """By service, the gate on the port that everybody knows; the service itself is behind it.

    Statuses count for a minute, which no fault here takes: what comes after that has tests of its own.
    """
    logs = tmp_path_factory.mktemp("gates")
    promise = {"REVOCATION_SECONDS": "60"}
    with ExitStack() as stack:
        yield {
            service: stack.enter_context(
                behind_a_gate(environment, service, own_configuration(service), logs, promise)
            )
            for service in ("authserver", "bank_api")
        }


@pytest.fixture(scope="module")
def clocks(
    environment: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, MovedClock]]:
    """By party, its clock: of the services that everybody knows, and one for the partner."""
    folder = tmp_path_factory.mktemp("clocks")
    clocks = {party: MovedClock(folder / party) for party in ("partner", "authserver", "bank_api")}
    with ExitStack() as stack:
        for service in ("authserver", "bank_api"):
            told = {"TESTS_SERVICE": service, "TESTS_CLOCK": str(clocks[service].file)}
            stack.enter_context(behind_a_gate(environment, service, CONFIGURATION, folder, told))
        yield clocks


@contextmanager
def behind_a_gate(
    environment: Environment,
    service: str,
    configuration: Path,
    logs: Path,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Gate]:
    """A second instance of a service in place of the first, with a gate on the port that everybody knows."""
    deployment, program = environment.deployment, service.replace("_", "-")
    origin = {"authserver": deployment.issuer, "bank_api": deployment.api_url}[service]
    second = SecondService.start(deployment, service, configuration, variables or {}, logs / f"{service}.log")
    with ExitStack() as stack:
        stack.callback(second.stop)
        second.wait_until_healthy(deployment.trust_bundle)
        environment.stop_program(program)
        stack.callback(environment.start_program, program)
        yield stack.enter_context(Gate(urlsplit(origin).port or 0, urlsplit(second.origin).port or 0))


@pytest.fixture(scope="module")
def turning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """An environment of its own, whose certificates turn every fourteen seconds."""
    root = tmp_path_factory.mktemp("faults")
    with Environment(
        root, ports=Ports.free(), lifetime_seconds=SHORT_LIFETIME_SECONDS, fresh=True
    ) as running:
        yield running


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"nothing can be mounted here: {mounted.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)
