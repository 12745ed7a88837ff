from pathlib import Path

import pytest

from sender_constraint.certificates.generations import GenerationStore
from tests.sender_constraint.authority import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> GenerationStore:
    return GenerationStore(tmp_path / "certificates" / "client")
