"""A rotation against the real authority: killed after each step, done by several at once, on a full disk."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sender_constraint.certificates.generation import read_generation
from sender_constraint.certificates.generations import GenerationStore, Step
from sender_constraint.certificates.rotation import Action
from tests.e2e.faults.disks import full
from tests.e2e.faults.party import Party
from tests.sender_constraint.certificates.test_rotation_steps import OF_A_RENEWAL, killed_after
from workshop.environment.deployment import Deployment

WORKERS = 4
ACTIONS = list(Action)
# The processes of these tests fork, and what they fork uses no thread of the parent's.
FORKS = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


@pytest.fixture(scope="module")
def party(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Party:
    admitted = Party(deployment, "rotating", tmp_path_factory.mktemp("rotating"))
    admitted.admit()
    return admitted


@FORKS
@pytest.mark.clause("RFC 7030 §4.2.2")
@pytest.mark.parametrize("step", OF_A_RENEWAL)
def test_a_worker_killed_after_any_step_gets_one_certificate_of_the_authority(
    party: Party, step: Step
) -> None:
    before, issued = party.store.order_replacement(), party.certificates()

    killed_after(step, party.ensure, party.store.path)
    serving = party.store.current()  # whole, or this raises
    outcome = party.ensure()

    assert outcome.error is None
    assert outcome.action is (Action.RENEWED if serving == before else Action.NOT_DUE)
    assert party.store.current().id != before.id
    assert party.certificates() == issued + 1
    assert party.ensure().action is Action.NOT_DUE
    for entry in (party.store.path / "generations").iterdir():
        read_generation(entry)  # nothing half-written is left


@FORKS
def test_of_several_workers_that_renew_at_once_one_does(party: Party) -> None:
    before, issued = party.store.order_replacement(), party.certificates()

    outcomes = at_once(WORKERS, lambda: ACTIONS.index(party.ensure().action))

    assert outcomes.count(ACTIONS.index(Action.RENEWED)) == 1
    assert {ACTIONS[each] for each in outcomes} <= {Action.RENEWED, Action.BUSY, Action.NOT_DUE}
    assert party.certificates() == issued + 1
    assert party.store.current().id != before.id


def test_a_disk_that_fills_up_anywhere_in_a_rotation_leaves_the_old_certificate_whole(
    party: Party, disk: Path
) -> None:
    state = disk / "state"
    shutil.copytree(party.state, state, symlinks=True)
    moved = party.moved_to(state)
    moved.store.drop_pending_key()  # that of the last renewal: its page would be free for the next key
    before, issued = moved.store.order_replacement(), party.certificates()
    steps: list[Step] = []
    watched = GenerationStore(moved.store.path, steps.append)
    reached: list[Step | None] = []
    # From no room at all, a page more each second time, until there is room for everything. Twice, since the
    # key of the request that was kept for the first attempt needs no room in the second.
    for number in range(100):
        steps.clear()
        with full(disk, number // 2):
            outcome = moved.ensure(watched)
            assert moved.store.current().id == (outcome.generation or before).id
        if outcome.action is Action.RENEWED:
            break
        reached.append(steps[-1] if steps else None)
        assert outcome.action is Action.FAILED
        assert "No space left" in str(outcome.error)
        assert moved.store.current() == before
        assert [each.name for each in (moved.store.path / "generations").iterdir()].count(before.id) == 1
        for entry in (moved.store.path / "generations").iterdir():
            read_generation(entry)
    assert outcome.action is Action.RENEWED
    # The key of the request, the key, the certificate and the record: each met a full disk.
    assert {None, Step.DIRECTORY_MADE, Step.KEY_WRITTEN, Step.CERTIFICATE_WRITTEN} <= set(reached)
    assert party.certificates() == issued + 1
    shutil.rmtree(party.state)
    shutil.copytree(state, party.state, symlinks=True)


def test_a_full_disk_is_an_alarm_on_the_log_until_there_is_room_again(party: Party, disk: Path) -> None:
    state = disk / "state"
    shutil.copytree(party.state, state, symlinks=True)
    moved = party.moved_to(state)
    assert moved.look().returncode == 0
    before = moved.store.order_replacement()

    with full(disk, 0):
        told = moved.look()
        assert moved.store.current() == before
    assert told.returncode == 0, told.stderr  # the worker lives on
    assert "certificate-client (warning): The client certificate is unwritable" in told.stderr
    assert "No space left on device" in told.stderr
    assert "Traceback" not in told.stderr

    again = moved.look()
    assert again.returncode == 0
    assert moved.store.current().id != before.id
    assert not (state / "alarms" / "certificate-client.json").exists()
    shutil.rmtree(party.state)
    shutil.copytree(state, party.state, symlinks=True)


def test_who_may_write_no_file_keeps_the_old_certificate_and_says_so(party: Party) -> None:
    """As on a full disk, where nothing can be mounted: the kernel refuses every byte."""
    before, issued = party.store.order_replacement(), party.certificates()
    told = party.look(RLIMIT_FSIZE=0)
    assert told.returncode == 0, told.stderr
    assert "certificate-client (warning): The client certificate is unwritable" in told.stderr
    assert os.strerror(errno.EFBIG) in told.stderr
    assert party.store.current() == before

    assert party.look().returncode == 0
    assert party.store.current().id != before.id
    assert party.certificates() == issued + 1


def at_once(number: int, work: Callable[[], int]) -> list[int]:
    """The exit statuses of so many processes that begin their work at the same moment."""
    wait, begin = os.pipe()
    children = []
    for _ in range(number):
        child = os.fork()
        if child == 0:
            os.close(begin)
            os.read(wait, 1)  # until the parent closes its end
            status = 99
            try:
                status = work()
            finally:
                os._exit(status)
        children.append(child)
    os.close(wait)
    os.close(begin)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
