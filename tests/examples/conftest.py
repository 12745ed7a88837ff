"""The library as other people have it: built as a wheel, and installed where the repository is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sender_constraint.certificates.placed import PlacedFiles
from tests.examples.installed import Installed, build_wheel, install
from tests.examples.orders import RESOURCE, thumbprint_of
from tests.foreign.authorization_server import ForeignServer, Habits, placed, responder_of
from tests.sender_constraint.responder import Responder


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(wheel, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignServer]:
    with ForeignServer(tmp_path_factory.mktemp("issuer"), Habits(audience=RESOURCE)).running() as running:
        yield running


@pytest.fixture(scope="module")
def responder(issuer: ForeignServer) -> Iterator[Responder]:
    with responder_of(issuer.authority) as running:
        yield running


@pytest.fixture(scope="module")
def partner(issuer: ForeignServer, tmp_path_factory: pytest.TempPathFactory) -> PlacedFiles:
    return placed(issuer.authority, tmp_path_factory.mktemp("partner"), "partner")


@pytest.fixture(scope="module")
def thief(issuer: ForeignServer, tmp_path_factory: pytest.TempPathFactory) -> PlacedFiles:
    return placed(issuer.authority, tmp_path_factory.mktemp("thief"), "thief")


@pytest.fixture
def token(issuer: ForeignServer, partner: PlacedFiles) -> str:
    """The partner's."""
    return issuer.token(thumbprint_of(partner))
