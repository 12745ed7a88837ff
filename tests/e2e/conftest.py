"""One environment for all tests of this folder: real processes, real sockets, certificates for an hour."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from sender_constraint.certificates.generations import GenerationStore
from tests.e2e.calling import APICaller, TokenCaller
from tests.e2e.casting import Casting
from tests.e2e.minting import Mint
from tests.e2e.registering import register
from tests.e2e.verdict import Verdict
from workshop.environment.deployment import Deployment
from workshop.environment.local import Environment
from workshop.environment.ports import Ports
from workshop.loot import Cast
from workshop.narration import Narrator
from workshop.story.partner import Partner, current_partner
from workshop.story.stage import Stage

LIFETIME_SECONDS = 3600
# The attacks of the catalogue are played more than once a minute, all with the thief's one certificate.
SETTINGS = {"bank_api": {"INTROSPECTIONS_PER_CERTIFICATE": "10000"}}


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    root = tmp_path_factory.mktemp("environment")
    with Environment(
        root, ports=Ports.free(), lifetime_seconds=LIFETIME_SECONDS, fresh=True, settings=SETTINGS
    ) as running:
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


@pytest.fixture(scope="session")
def casting(environment: Environment, stage: Stage) -> Casting:
    return Casting(stage, lambda: environment.process_ids()["redis-bank"])


@pytest.fixture
def cast(casting: Casting) -> Cast:
    """Who plays the attacks of the catalogue: thieves with what they stole, and the honest."""
    return casting.cast()


@pytest.fixture(scope="session")
def mint(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mint]:
    with closing(Mint(deployment, tmp_path_factory.mktemp("mint"))) as mint:
        yield mint


@pytest.fixture(scope="session")
def verdict(stage: Stage) -> Verdict:
    return Verdict(stage.audit)


@pytest.fixture(scope="session")
def registered(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The clients of ``registering`` are known to the authorization server."""
    register(deployment, tmp_path_factory.mktemp("clients"))


@pytest.fixture
def token_caller(stage: Stage, partner: Partner) -> TokenCaller:
    """The partner at the token endpoint."""
    return TokenCaller(stage.wire, f"{stage.deployment.issuer}/token", partner.credentials)


@pytest.fixture(scope="module")
def api(stage: Stage) -> APICaller:
    """The partner at the API, with a token of the authorization server's."""
    partner = current_partner(stage.deployment)
    return APICaller(stage.wire, stage.deployment.api_url, partner.credentials, partner.token(stage))


@pytest.fixture(scope="module")
def other_api(stage: Stage) -> APICaller:
    """The other partner at the API."""
    other = Partner(GenerationStore(stage.deployment.certificate_store("other_partner")).current())
    token = other.token(stage, "other-partner")
    return APICaller(stage.wire, stage.deployment.api_url, other.credentials, token)
