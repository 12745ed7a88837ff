"""Two authorities: one issues to the bank and its partner, the other to a foreign authorization server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foreign.authorization_server import responder_of
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.responder import Responder


@pytest.fixture(scope="module")
def scheme(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("scheme"), "Scheme")


@pytest.fixture(scope="module")
def responder(scheme: Authority) -> Iterator[Responder]:
    with responder_of(scheme) as running:
        yield running


@pytest.fixture
def thief_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "thief"
    folder.mkdir()
    return folder
