"""A worker is killed after each step of a rotation, outright and for real; the next one loses nothing."""

import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from sender_constraint.certificates.generation import read_generation
from sender_constraint.certificates.generations import Generation, GenerationStore, Step
from sender_constraint.certificates.rotation import RenewalPolicy, ensure_generation, is_answered
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.certificates.issuing import CountingIssuer

OF_A_RENEWAL = [step for step in Step if step is not Step.SECRET_REMOVED]
SECRET = "digest of the secret"


@pytest.mark.parametrize("secret", [None, SECRET], ids=["renewal", "new line"])
def test_the_steps_are_these_in_this_order(authority: Authority, tmp_path: Path, secret: str | None) -> None:
    done: list[Step] = []
    store, old = due(authority, tmp_path / "store", done.append)
    issuer = issuer_at(authority, old, secret)

    ensure_generation(store, issuer, lambda: late(old))

    assert done == (list(Step) if secret else OF_A_RENEWAL)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("secret", [None, SECRET], ids=["renewal", "new line"])
@pytest.mark.parametrize("step", list(Step))
def test_a_worker_killed_after_any_step_loses_nothing(
    authority: Authority, tmp_path: Path, step: Step, secret: str | None
) -> None:
    if step is Step.SECRET_REMOVED and secret is None:
        return  # a renewal has no secret
    store, old = due(authority, tmp_path / "store")
    secret_file = tmp_path / "secret"
    if secret:
        secret_file.write_text(secret)

    killed_after(step, lambda dying: renew(dying, authority, old, secret_file), store.path)

    served = store.current()  # whole, or this raises
    pending = store.pending_key()
    issuer = renew(store, authority, old, secret_file)
    renewed = store.current()
    assert renewed.id != old.id
    assert not secret_file.exists()
    assert is_answered(store, renewed) or store.pending_key() is None
    if served == old:
        assert pending is not None
        assert renewed.private_key_path.read_bytes() == pending  # the request is repeated, not doubled
    else:
        assert renewed == served
        assert issuer.operations == []  # nothing is asked for twice
    for entry in (store.path / "generations").iterdir():
        read_generation(entry)  # nothing half-written is left


def due(
    authority: Authority, path: Path, after: Callable[[Step], None] = lambda _step: None
) -> tuple[GenerationStore, Generation]:
    """A store whose certificate is due, once ``late`` has come."""
    return GenerationStore(path, after), authority.publish(GenerationStore(path))


def late(generation: Generation) -> datetime:
    return RenewalPolicy().due_at(generation)


def issuer_at(authority: Authority, old: Generation, secret: str | None) -> CountingIssuer:
    issuer = CountingIssuer(authority, lambda: late(old))
    issuer.secret = secret
    return issuer


class FileSecretIssuer(CountingIssuer):
    """Its secret is in a file, which a killed process leaves behind."""

    secret_file: Path

    def delivered_secret(self) -> str | None:
        return self.secret_file.read_text() if self.secret_file.exists() else None

    def published(self, generation: Generation) -> None:
        super().published(generation)
        self.secret_file.unlink(missing_ok=True)


def renew(store: GenerationStore, authority: Authority, old: Generation, secret_file: Path) -> CountingIssuer:
    issuer = FileSecretIssuer(authority, lambda: late(old))
    issuer.secret_file = secret_file
    ensure_generation(store, issuer, lambda: late(old))
    return issuer


def killed_after(step: Step, work: Callable[[GenerationStore], object], path: Path) -> None:
    """Work in a process of its own that kills itself, as by kill -9, once the step is done."""

    def kill(done: Step) -> None:
        if done is step:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        try:
            work(GenerationStore(path, kill))
        finally:
            os._exit(1)  # it outlived the step
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
