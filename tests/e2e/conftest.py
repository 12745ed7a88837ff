"""One environment for all tests of this folder: real processes, real sockets, certificates for an hour."""

from collections.abc import Iterator

import pytest

from workshop.environment.deployment import Deployment
from workshop.environment.local import Environment
from workshop.environment.ports import Ports
from workshop.narration import Narrator
from workshop.story.partner import Partner, current_partner
from workshop.story.stage import Stage

LIFETIME_SECONDS = 3600


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    root = tmp_path_factory.mktemp("environment")
    with Environment(root, ports=Ports.free(), lifetime_seconds=LIFETIME_SECONDS, fresh=True) as running:
        yield running


@pytest.fixture(scope="session")
def deployment(environment: Environment) -> Deployment:
    return environment.deployment


@pytest.fixture(scope="session")
def stage(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(deployment, Narrator(), tmp_path_factory.mktemp("stage"))


@pytest.fixture
def partner(deployment: Deployment) -> Partner:
    return current_partner(deployment)
