"""Signing keys turn so that no verifier ever meets one that it cannot know, whoever is killed on the way."""

import os
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from authserver.keys.phases import RETIREMENT_LEEWAY_SECONDS, TurningPolicy
from authserver.keys.store import SigningKeyStore
from authserver.keys.turning import Step, Turning
from operations.tasks.ledger import Ledger, Run

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = TurningPolicy(lifetime_seconds=40, published_ahead_seconds=11)
TOKEN_SECONDS = 30
LOOK_SECONDS = 2


@dataclass
class Server:
    """An authorization server whose time is told by a test, and what a verifier saw at each look."""

    directory: Path
    seconds: int = 0
    published: list[frozenset[str]] = field(default_factory=list)
    signing: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = SigningKeyStore(self.directory / "keys")
        self.store.ensure()

    def turning(self, *, killed_after: Step | None = None) -> Turning:
        def kill(done: Step) -> None:
            if done is killed_after:
                os.kill(os.getpid(), signal.SIGKILL)

        return Turning(self.store, POLICY, lambda: TOKEN_SECONDS, self.now, kill)

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds)

    def look(self) -> Run:
        with Ledger(self.directory / "background").run("signing-keys", LOOK_SECONDS) as run:
            self.turning().look(run)
        return run

    def look_and_die(self, step: Step) -> bool:
        """Look in a process of its own that is killed after the step; whether it came to that."""
        child = os.fork()
        if child == 0:
            try:
                with Ledger(self.directory / "background").run("signing-keys", LOOK_SECONDS) as run:
                    self.turning(killed_after=step).look(run)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) == -signal.SIGKILL

    def live_on(self, seconds: int) -> None:
        """Look every so often, and note what there is to see before each look and after it."""
        for _ in range(seconds // LOOK_SECONDS):
            self.note()
            self.look()
            self.seconds += LOOK_SECONDS

    def note(self) -> None:
        ring = self.store.load()
        self.published.append(frozenset(key.kid for key in ring.published))
        self.signing.append(ring.signing.kid)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def assert_no_verifier_missed_a_key(server: Server) -> None:
    ahead = int(POLICY.published_ahead_seconds) // LOOK_SECONDS
    after = TOKEN_SECONDS // LOOK_SECONDS
    for moment, kid in enumerate(server.signing):
        begin, end = max(0, moment - ahead), moment + after
        assert all(kid in seen for seen in server.published[begin:end]), (moment, kid)


def test_each_key_is_published_before_it_signs_and_until_its_last_token_has_ended(server: Server) -> None:
    server.live_on(400)
    assert_no_verifier_missed_a_key(server)
    assert len(set(server.signing)) >= 8
    assert max(map(len, server.published)) <= POLICY.most_published(TOKEN_SECONDS)
    assert len(server.store.kids()) < len(set(server.signing))  # the first ones are gone


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("step", list(Step))
def test_a_worker_killed_after_any_step_loses_nothing(server: Server, step: Step) -> None:
    killed = 0
    while server.seconds < 240:
        server.note()
        died = server.look_and_die(step)
        killed += died
        if died:
            server.note()
        server.seconds += LOOK_SECONDS
        if died:  # the supervisor starts it again, and the next look finishes
            server.note()
            server.look()
    assert killed >= 2
    assert len(set(server.signing)) >= 4
    assert_no_verifier_missed_a_key(server)


def test_nothing_is_done_twice(server: Server) -> None:
    server.live_on(int(POLICY.lifetime_seconds - POLICY.published_ahead_seconds) + 2 * LOOK_SECONDS)
    published = server.store.kids()
    for _ in range(3):
        server.look()
    assert server.store.kids() == published
    assert len(published) == 2


def test_what_was_written_down_may_be_lost(server: Server) -> None:
    server.live_on(100)
    (server.directory / "keys" / "phases.json").write_text("{")
    server.live_on(200)
    assert_no_verifier_missed_a_key(server)


def test_a_longer_token_that_may_have_been_signed_keeps_its_key_published(server: Server) -> None:
    turning = Turning(server.store, POLICY, lambda: 1000, server.now)
    with Ledger(server.directory / "background").run("signing-keys", LOOK_SECONDS) as run:
        turning.look(run)  # while such a token may be issued
    first = server.store.load().signing.kid
    server.live_on(1000)
    assert first in server.store.kids()
    server.live_on(200)
    assert first not in server.store.kids()


def test_an_operator_may_turn_before_the_time_and_nobody_notices(server: Server) -> None:
    server.live_on(4)
    first = server.store.load().signing.kid
    server.turning().request()
    server.live_on(int(POLICY.published_ahead_seconds) + 2 * LOOK_SECONDS)
    assert server.store.load().signing.kid != first
    server.live_on(TOKEN_SECONDS)
    assert_no_verifier_missed_a_key(server)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("step", [None, *Step])
def test_stolen_keys_are_gone_at_once_whoever_is_killed_on_the_way(server: Server, step: Step | None) -> None:
    server.live_on(int(POLICY.lifetime_seconds) - LOOK_SECONDS)
    stolen = server.store.kids()
    assert len(stolen) == 2  # one that signs, one that was to sign next
    server.turning().withdraw_all()
    if step is not None:
        server.look_and_die(step)
    server.look()

    ring = server.store.load()
    assert ring.signing.kid not in stolen
    assert [key.kid for key in ring.published] == [ring.signing.kid]


def test_the_last_token_has_ended_by_the_clock_of_the_slowest_verifier() -> None:
    assert RETIREMENT_LEEWAY_SECONDS > 5


@pytest.fixture(autouse=True)
def _no_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    # The power stays on: what a killed process wrote is not lost, and hundreds of looks need not wait.
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
