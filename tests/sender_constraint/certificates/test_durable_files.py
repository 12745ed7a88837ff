"""Files that are whole, however many write them."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from operations.settings.environment import ServiceEnvironment
from sender_constraint.certificates import durable_files


def test_of_many_who_write_once_one_succeeds_and_all_read_the_same(tmp_path: Path) -> None:
    file = tmp_path / "secret"

    def write_and_read(number: int) -> bytes:
        durable_files.write_once(file, str(number).encode() * 1000, durable_files.PRIVATE)
        return file.read_bytes()

    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(write_and_read, range(8)))
    assert len(seen) == 1
    assert len(seen.pop()) == 1000
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file], "nothing is left beside it"


def test_processes_that_start_at_once_have_the_same_secret_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "service"))
    monkeypatch.delenv("SECRET_KEY", raising=False)
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: ServiceEnvironment("example").secret_key(), range(8)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
