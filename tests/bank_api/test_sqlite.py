"""The SQLite backend: what it keeps open, so that no request waits for the disk more than once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler
from pytest_django.plugin import DjangoDbBlocker

from sender_constraint.django.sqlite import base
from sender_constraint.server.environment import ServiceEnvironment

Connecting = Callable[[], Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "database.sqlite3"


@pytest.fixture
def connecting(
    file: Path, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> Iterator[Connecting]:
    """Makes connections as the services configure them: each request has one of its own."""
    monkeypatch.setenv("STATE_DIR", str(file.parent))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    settings = ServiceEnvironment("example").database()
    with django_db_blocker.unblock():
        yield lambda: ConnectionHandler({"default": settings})["default"]
    if file in base._kept_open:
        base._kept_open.pop(file)[1].close()


def run(connecting: Connecting, statement: str) -> Any:
    connection = connecting()
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    finally:
        connection.close()


def test_the_end_of_a_request_does_not_write_the_log_back(connecting: Connecting, file: Path) -> None:
    for _ in range(2):
        run(connecting, "SELECT 1")  # the first one makes the file
    run(connecting, "CREATE TABLE payments (amount TEXT)")
    log = file.with_name(f"{file.name}-wal")
    assert log.stat().st_size > 0
    assert run(connecting, "SELECT count(*) FROM payments") == [(0,)]


def test_a_commit_reaches_the_disk(connecting: Connecting) -> None:
    full = 2
    assert run(connecting, "PRAGMA synchronous") == [(full,)]


def test_a_file_that_takes_the_place_of_another_is_the_one_that_is_kept_open(
    connecting: Connecting, file: Path
) -> None:
    for _ in range(2):
        run(connecting, "SELECT 1")
    before = base._kept_open[file]
    restored = file.with_name("restored")
    run(connecting, f"VACUUM INTO '{restored}'")
    for left in file.parent.glob(f"{file.name}-*"):
        left.unlink()
    restored.rename(file)

    assert run(connecting, "CREATE TABLE payments (amount TEXT)") == []
    assert run(connecting, "SELECT count(*) FROM payments") == [(0,)]
    assert base._kept_open[file][0] != before[0]


def test_a_file_that_is_gone_is_an_outage_though_a_connection_to_it_is_open(
    connecting: Connecting, file: Path
) -> None:
    for _ in range(2):
        run(connecting, "SELECT 1")
    elsewhere = file.with_name("elsewhere")
    file.rename(elsewhere)
    with pytest.raises(OperationalError, match="is gone"):
        run(connecting, "SELECT 1")
    elsewhere.rename(file)
    assert run(connecting, "SELECT 1") == [(1,)]
