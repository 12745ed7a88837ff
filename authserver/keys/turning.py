"""How signing keys turn: published for longer than anyone caches, then signing, then retiring, then gone.

Each look does what is due and writes down what it did after it was done: whoever is killed in between
leaves what the next look finds out from the directory itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from authserver.keys.phases import MOST_PUBLISHED, KeyLife, TurningPolicy, reconciled
from authserver.keys.store import SigningKeyStore
from operations.tasks.ledger import Run
from sender_constraint.core.clock import Clock


class Step(StrEnum):
    """What has just been done."""

    KEY_PUBLISHED = "the next key is published"
    PUBLICATION_NOTED = "since when is written down"
    SIGNING_MOVED = "the next key signs"
    TURN_NOTED = "since when is written down for both"
    KEY_REMOVED = "a key is gone"
    REMOVAL_NOTED = "nothing is written down of it any more"


@dataclass(frozen=True, slots=True)
class Turning:
    """Turns the keys of a store.

    longest_token_seconds: the longest lifetime of the tokens that may be issued now.
    after: told of each step once it is done; tests kill the process there.
    """

    store: SigningKeyStore
    policy: TurningPolicy
    longest_token_seconds: Callable[[], int]
    clock: Clock
    after: Callable[[Step], None] = lambda _step: None

    def look(self, run: Run) -> None:
        """Do what is due. Idempotent, and one at a time. Raises NoSigningKey."""
        with self.store.alone():
            lives = self._reconciled()
            self._remove(lives, run)
            if lives[self._signing()].phase == "withdrawn":
                self._replace_at_once(lives, run)
            else:
                self._turn(lives, run)

    def request(self) -> None:
        """Have the next key sign as soon as it has been published for long enough. Raises NoSigningKey."""
        with self.store.alone():
            lives = self._reconciled()
            signing = lives[self._signing()]
            lives[signing.kid] = replace(signing, turn_requested=True)
            self.store.write_lives(lives)

    def withdraw_all(self) -> None:
        """Whoever read one key may have read all: none of those that are there is to be used again.

        The next look replaces them. Raises NoSigningKey.
        """
        with self.store.alone():
            now = self.clock()
            lives = {
                kid: replace(life, withdrawn_at=life.withdrawn_at or now)
                for kid, life in self._reconciled().items()
            }
            self.store.write_lives(lives)

    def _reconciled(self) -> dict[str, KeyLife]:
        before = self.store.lives()
        signing = self._signing()
        lives = reconciled(before, self.store.kids(), signing, self.clock())
        longest = max(lives[signing].longest_token_seconds, self.longest_token_seconds())
        lives[signing] = replace(lives[signing], longest_token_seconds=longest)
        if lives != before:
            self.store.write_lives(lives)
        return lives

    def _remove(self, lives: dict[str, KeyLife], run: Run) -> None:
        now, signing = self.clock(), self._signing()
        for life in list(lives.values()):
            retired_at = life.retired_at()
            ended = life.phase == "withdrawn" or (retired_at is not None and now >= retired_at)
            if life.kid == signing or not ended:
                continue
            run.found(f"key {life.kid} is {life.phase}, and its time has passed")
            self.store.remove(life.kid)
            self.after(Step.KEY_REMOVED)
            del lives[life.kid]
            self.store.write_lives(lives)
            self.after(Step.REMOVAL_NOTED)
            run.has_done(f"removed key {life.kid}")

    def _turn(self, lives: dict[str, KeyLife], run: Run) -> None:
        now, signing = self.clock(), lives[self._signing()]
        until = signing.signs_until(self.policy)
        assert until is not None  # noqa: S101 - it signs
        waiting = _waiting(lives)
        if waiting is None:
            if now >= until - timedelta(seconds=self.policy.published_ahead_seconds):
                run.found(f"key {signing.kid} signs until {until.isoformat(timespec='seconds')}")
                self._publish(lives, run)
        elif now >= max(until, waiting.may_sign_at(self.policy)):
            run.found(f"key {signing.kid} has signed until {until.isoformat(timespec='seconds')}")
            self._let_sign(lives, waiting.kid, run)

    def _replace_at_once(self, lives: dict[str, KeyLife], run: Run) -> None:
        run.found("the signing key has been withdrawn")
        waiting = _waiting(lives)
        self._let_sign(lives, waiting.kid if waiting else self._publish(lives, run), run)
        self._remove(lives, run)

    def _publish(self, lives: dict[str, KeyLife], run: Run) -> str:
        if len(lives) >= MOST_PUBLISHED:
            run.failed(f"{len(lives)} keys are published: a new one has to wait until some are retired")
            return self._signing()
        kid = self.store.publish_new()
        self.after(Step.KEY_PUBLISHED)
        lives[kid] = KeyLife(kid, published_at=self.clock())
        self.store.write_lives(lives)
        self.after(Step.PUBLICATION_NOTED)
        run.has_done(f"published key {kid}")
        return kid

    def _let_sign(self, lives: dict[str, KeyLife], kid: str, run: Run) -> None:
        self.store.let_sign(kid)
        self.after(Step.SIGNING_MOVED)
        lives.update(self._reconciled())
        self.after(Step.TURN_NOTED)
        run.has_done(f"key {kid} is now signing")

    def _signing(self) -> str:
        return self.store.load().signing.kid


def _waiting(lives: dict[str, KeyLife]) -> KeyLife | None:
    """The key that is to sign next: the one that has been published for the longest."""
    waiting = [life for life in lives.values() if life.phase == "published"]
    return min(waiting, key=lambda life: life.published_at, default=None)
