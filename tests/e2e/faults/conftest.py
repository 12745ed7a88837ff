"""Services behind gates, and an environment whose certificates turn while things are wrong."""

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.e2e.faults.gate import Gate
from tests.e2e.second_service import SecondService, own_configuration
from workshop.environment.deployment import Deployment
from workshop.environment.local import Environment
from workshop.environment.ports import Ports

SHORT_LIFETIME_SECONDS = 30


@pytest.fixture(scope="module")
def gates(
    environment: Environment, deployment: Deployment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Gate]]:
    """By service, the gate on the port that everybody knows; the service itself is behind it."""
    logs = tmp_path_factory.mktemp("gates")
    origins = {"authserver": deployment.issuer, "bank_api": deployment.api_url}
    with ExitStack() as stack:
        found = {}
        for service, origin in origins.items():
            program = service.replace("_", "-")
            second = SecondService.start(
                deployment, service, own_configuration(service), {}, logs / f"{service}.log"
            )
            stack.callback(second.stop)
            second.wait_until_healthy(deployment.trust_bundle)
            environment.stop_program(program)
            stack.callback(environment.start_program, program)
            gate = Gate(urlsplit(origin).port or 0, urlsplit(second.origin).port or 0)
            found[service] = stack.enter_context(gate)
        yield found


@pytest.fixture(scope="session")
def turning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """An environment of its own, whose certificates turn every twenty seconds."""
    root = tmp_path_factory.mktemp("faults")
    with Environment(
        root, ports=Ports.free(), lifetime_seconds=SHORT_LIFETIME_SECONDS, fresh=True
    ) as running:
        yield running
