"""The SQLite backend: what it keeps open, so that no request waits for the disk more than once."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler
from pytest_django.plugin import DjangoDbBlocker

from operations.settings.environment import ServiceEnvironment
from operations.sqlite import base, write_ahead_log

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


def test_a_commit_reaches_the_disk(connecting: Connecting, monkeypatch: pytest.MonkeyPatch) -> None:
    run(connecting, "CREATE TABLE payments (amount TEXT)")
    synced: list[int] = []
    monkeypatch.setattr(write_ahead_log, "sync_file", synced.append)

    assert run(connecting, "SELECT count(*) FROM payments") == [(0,)]
    assert synced == []
    run(connecting, "INSERT INTO payments VALUES ('1')")
    assert len(synced) == 1
    run(connecting, "INSERT INTO payments VALUES ('2') RETURNING amount")
    assert len(synced) == 2
    connection = connecting()
    connection.set_autocommit(False)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO payments VALUES ('3')")
    assert len(synced) == 2
    connection.commit()
    assert len(synced) == 3
    connection.close()


def test_a_disk_that_fails_fails_the_request(connecting: Connecting, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        run(connecting, "CREATE TABLE IF NOT EXISTS payments (amount TEXT)")

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(write_ahead_log, "sync_file", broken)
    with pytest.raises(OperationalError, match="disk I/O error"):
        run(connecting, "INSERT INTO payments VALUES ('1')")


def test_the_log_is_written_back_from_time_to_time(connecting: Connecting, file: Path) -> None:
    for _ in range(2):
        run(connecting, "CREATE TABLE IF NOT EXISTS payments (amount TEXT)")
    size = file.stat().st_size
    connection = connecting()
    with connection.cursor() as cursor:
        for _ in range(write_ahead_log.SYNCS_PER_CHECKPOINT):
            cursor.execute("INSERT INTO payments VALUES (%s)", ["9" * 1000])
    assert file.stat().st_size > size
    connection.close()


SLOW_DISK = """
import gevent.monkey
gevent.monkey.patch_all()
import gevent, sqlite3, sys, time
from gevent.monkey import get_original
from pathlib import Path
from operations.sqlite import write_ahead_log

def slow(descriptor):
    global syncs
    syncs += 1
    get_original("time", "sleep")(0.3)

syncs = 0
write_ahead_log.sync_file = slow
path = Path(sys.argv[1])
first = sqlite3.connect(path)
first.executescript("PRAGMA journal_mode=WAL; CREATE TABLE payments (amount TEXT)")
log = write_ahead_log.WriteAheadLog(path)

def pay():
    connection = sqlite3.connect(path, isolation_level=None, factory=write_ahead_log.Connection)
    log.take_over(connection)
    connection.execute("INSERT INTO payments VALUES ('1')")
    connection.sync()

payments = [gevent.spawn(pay) for _ in range(20)]
longest, last = 0.0, time.monotonic()
while not all(each.ready() for each in payments):
    gevent.sleep(0.001)
    longest, last = max(longest, time.monotonic() - last), time.monotonic()
print(syncs, longest < 0.3)
"""


def test_a_slow_disk_holds_up_nobody_else_and_payments_share_its_time(file: Path) -> None:
    assert subprocess.check_output([sys.executable, "-c", SLOW_DISK, str(file)], text=True) == "2 True\n"


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
