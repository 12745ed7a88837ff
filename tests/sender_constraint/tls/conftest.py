from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sender_constraint.tls.running import Server, running


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A TLS front with the limits that every service starts from."""
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="package")
def impatient_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A TLS front that waits for one second at most, whatever it waits for."""
    phases = ("FIRST_BYTE", "HANDSHAKE", "HEADER", "BODY", "RESPONSE", "KEEP_ALIVE")
    limits = {f"{phase}_SECONDS": "1" for phase in phases}
    with running(tmp_path_factory.mktemp("impatient"), **limits) as server:
        yield server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A TLS front for one test, which may do to it what it likes."""
    with running(tmp_path) as server:
        yield server
