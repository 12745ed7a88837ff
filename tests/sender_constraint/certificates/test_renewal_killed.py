"""A worker that renews is killed before each single line that it runs; nothing is ever half done."""

import os
import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import sender_constraint.certificates
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.rotation import Action, RenewalPolicy, renew_if_due
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.certificates.issuing import CountingIssuer

CODE = str(Path(sender_constraint.certificates.__file__).parent)
KILLED, FINISHED, FAILED = 9, 0, 1


# Python 3.12 and later warn when other tests left a thread: the child uses none, and ends in a moment.
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_it_is_safe_to_kill_a_renewal_at_any_line(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The power stays on: what a killed process wrote is not lost, and hundreds of renewals need not wait.
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    prepared = GenerationStore(tmp_path / "prepared")
    old = authority.publish(prepared)
    now = RenewalPolicy().due_at(old)
    killed_before_publication = killed_after_publication = 0

    for line in range(1, 10_000):
        store = GenerationStore(tmp_path / str(line))
        shutil.copytree(prepared.path, store.path, symlinks=True)
        status = renew_and_die(store, authority, now, line)
        assert status in (KILLED, FINISHED)

        current = store.current()  # whole, or this raises
        if current.id == old.id:
            killed_before_publication += 1
        else:
            killed_after_publication += 1
        assert_the_next_worker_finishes(store, authority, old.id, now)
        shutil.rmtree(store.path)
        if status == FINISHED:
            break
    else:
        raise AssertionError("the renewal never finished")

    assert killed_before_publication > 50
    assert killed_after_publication > 5


def assert_the_next_worker_finishes(
    store: GenerationStore, authority: Authority, old_id: str, now: datetime
) -> None:
    issuer = CountingIssuer(authority, lambda: now)
    pending = store.pending_key()
    found = store.current_id()
    outcome = renew_if_due(store, issuer.next, lambda: now)

    assert outcome.action is (Action.RENEWED if found == old_id else Action.NOT_DUE)
    renewed = store.current()
    assert renewed.id != old_id
    if outcome.action is Action.RENEWED and pending is not None:
        assert renewed.private_key_path.read_bytes() == pending  # the request is repeated, not doubled

    later = RenewalPolicy().due_at(renewed) + timedelta(milliseconds=1)
    after = renew_if_due(store, issuer.next, lambda: later)
    assert after.action is Action.RENEWED
    assert after.generation is not None
    assert after.generation.certificate.public_key() != renewed.certificate.public_key()


def renew_and_die(store: GenerationStore, authority: Authority, now: datetime, line: int) -> int:
    """Renew in a child process that ends, as by kill -9, before the given line. Returns its exit status."""
    child = os.fork()
    if child == 0:
        try:
            issuer = CountingIssuer(authority, lambda: now)
            sys.settrace(killer(line))
            renew_if_due(store, issuer.next, lambda: now)
            sys.settrace(None)
        except BaseException:  # noqa: BLE001 - the child must not go on as a second test run
            os._exit(FAILED)
        os._exit(FINISHED)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def killer(line: int) -> Any:
    """A trace function that ends the process before the n-th line of the library's that it runs."""
    left = line

    def on_line(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if left == 0:
                os._exit(KILLED)  # no finally, no atexit, no flush
        return on_line

    def on_call(frame: FrameType, _event: str, _argument: Any) -> Any:
        return on_line if frame.f_code.co_filename.startswith(CODE) else None

    return on_call
