"""What background tasks did is on disk, whoever kills them and however many there are at once."""

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from operations.tasks.ledger import KEPT_RUNS, Ledger
from tests.waiting import eventually

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    times = iter(range(1000))
    moments = iter(NOW + timedelta(seconds=each) for each in range(1000))
    return Ledger(tmp_path / "background", lambda: next(moments), lambda: next(times) / 4)


def test_a_run_says_what_it_found_and_did_how_long_it_took_and_when_the_next_is(ledger: Ledger) -> None:
    with ledger.run("renewal", 60) as run:
        run.found("the server certificate")
        run.has_done("renewed it")

    record = ledger.read("renewal")
    (last,) = record.runs
    assert (last.ended, last.found_due, last.did) == ("done", ("the server certificate",), ("renewed it",))
    assert (last.started, last.seconds) == (NOW, 0.25)
    assert record.next_run == NOW + timedelta(seconds=60)


def test_what_ends_a_run_is_recorded_and_goes_on_up(ledger: Ledger) -> None:
    with pytest.raises(KeyError), ledger.run("renewal", 60):
        raise KeyError("missing")

    (last,) = ledger.read("renewal").runs
    assert (last.ended, last.error) == ("failed", "KeyError: 'missing'")


def test_an_item_that_fails_is_recorded_and_all_others_are_done(ledger: Ledger) -> None:
    done: list[int] = []

    def work(item: int) -> None:
        if item % 2:
            raise KeyError(item)
        done.append(item)

    with ledger.run("renewal", 60) as run:
        run.each(range(20), work, lambda item: f"number {item}")

    assert done == list(range(0, 20, 2))
    assert [str(each) for each in run.failed_items][:2] == ["number 1: KeyError: 1", "number 3: KeyError: 3"]
    (last,) = ledger.read("renewal").runs
    assert last.ended == "failed"
    # Some are named, and all are counted: a thousand that fail are one line to write.
    assert (last.error or "").startswith("number 1: KeyError: 1; number 3: ")
    assert (last.error or "").endswith("number 9: KeyError: 9; and 5 more")


def test_items_that_cannot_be_listed_to_the_end_leave_what_failed_before_on_record(ledger: Ledger) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the list is cut off")

    def fail(item: int) -> None:
        raise ValueError(item)

    with pytest.raises(OSError, match="cut off"), ledger.run("renewal", 60) as run:
        run.each(items(), fail)
    assert [each.name for each in run.failed_items] == ["1"]


def test_one_thing_may_fail_and_the_next_be_done(ledger: Ledger) -> None:
    with ledger.run("renewal", 60) as run:
        run.failed("the first store is broken")
        run.has_done("renewed the second")

    (last,) = ledger.read("renewal").runs
    assert (last.ended, last.did, last.error) == (
        "failed",
        ("renewed the second",),
        "the first store is broken",
    )


def test_a_run_that_is_on_is_seen_with_what_it_did_until_now(ledger: Ledger) -> None:
    with ledger.run("renewal", 60) as run:
        run.has_done("the first half")
        (now,) = ledger.read("renewal").runs
    assert (now.ended, now.did) == ("running", ("the first half",))


def test_the_last_runs_are_kept_and_among_them_those_that_tell_something(ledger: Ledger) -> None:
    with ledger.run("renewal", 60) as run:
        run.has_done("renewed it")
    for _ in range(3 * KEPT_RUNS):
        with ledger.run("renewal", 60):
            pass

    record = ledger.read("renewal")
    assert len(record.runs) == KEPT_RUNS + 1
    assert record.last_telling is record.runs[-1]
    assert record.runs[-1].did == ("renewed it",)


def test_a_task_that_never_ran_has_no_runs(ledger: Ledger) -> None:
    assert ledger.read("renewal").runs == ()
    assert ledger.read("renewal").next_run is None


def test_a_killed_run_leaves_what_it_did_and_is_known_to_be_dead(tmp_path: Path) -> None:
    directory = tmp_path / "background"
    program = f"""
import pathlib, time
from operations.tasks.ledger import Ledger
with Ledger(pathlib.Path({str(directory)!r})).run("renewal", 60) as run:
    run.found("the server certificate")
    print("now", flush=True)
    time.sleep(60)
"""
    ledger = Ledger(directory)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert [run.ended for run in ledger.read("renewal").runs] == ["running"]
        process.send_signal(signal.SIGKILL)
    eventually(lambda: ledger.read("renewal").runs[0].ended == "killed", "the run is known to be dead")
    assert ledger.read("renewal").runs[0].found_due == ("the server certificate",)

    with ledger.run("renewal", 60):
        pass
    assert [run.ended for run in ledger.read("renewal").runs] == ["done", "killed"]
    assert list(directory.glob("*.alive")) == []


def test_many_workers_at_once_lose_no_run(tmp_path: Path) -> None:
    def work() -> None:
        with Ledger(tmp_path).run("renewal", 60) as run:
            run.has_done(threading.current_thread().name)

    threads = [threading.Thread(target=work) for _ in range(KEPT_RUNS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs = Ledger(tmp_path).read("renewal").runs
    assert {run.did for run in runs} == {(thread.name,) for thread in threads}
    assert {run.ended for run in runs} == {"done"}


def test_a_full_disk_stops_no_task(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("sender_constraint.certificates.durable_files.replace", full)
    with ledger.run("renewal", 60) as run:
        run.has_done("renewed it")
    assert "No space left" in caplog.text


def test_a_ledger_that_cannot_be_read_is_begun_anew(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.run("renewal", 60):
        pass
    (tmp_path / "background" / "renewal.json").write_text('{"task": ')
    with ledger.run("renewal", 60):
        pass
    assert len(ledger.read("renewal").runs) == 1
