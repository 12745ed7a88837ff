"""The rotations of the soak: ordered one after the other, with processes killed on the way."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sender_constraint.certificates.generations import GenerationStore
from workshop.environment.local import Environment
from workshop.soak import operator
from workshop.soak.callers import CallingProcess
from workshop.soak.footprints import Footprints, children_of
from workshop.soak.measures import Readmission, Window

ADOPTION_SECONDS = 60.0
POLL_SECONDS = 0.02

# What is killed, how often in a rotation, and the longest time into the rotation at which it happens.
WORKERS = (
    "partner-client-worker",
    "ca-worker",
    "authserver-worker",
    "bank-api-worker",
    "partner-client-beat",
)
SERVERS = ("ca", "ca-public", "authserver", "bank-api")
WORKER_CHANCE = 0.2
SERVER_CHANCE = 0.05
LATEST_SECONDS = 1.5
# The supervisor gives up on programs that die again and again as soon as they start.
YOUNGEST_SECONDS = 10.0


class NotAdopted(Exception):
    """A rotation did not reach every caller in time."""


class Rotations:
    """Orders rotations and waits for their adoption; kills, revokes and readmits on the way.

    windows: of each rotation, from the publication of the new generation until all callers had adopted it.
    """

    def __init__(
        self, environment: Environment, callers: Sequence[CallingProcess], folder: Path, chance: random.Random
    ) -> None:
        self.windows: list[Window] = []
        self.readmissions: list[Readmission] = []
        self.killed: Counter[str] = Counter()
        self.footprints = Footprints()
        self._environment = environment
        self._callers = callers
        self._folder = folder
        self._chance = chance
        self._store = GenerationStore(environment.deployment.certificate_store("partner_client"))
        self._seen: dict[int, float] = {}

    @property
    def done(self) -> int:
        """How many generations were replaced, and their successors adopted."""
        return len(self.windows)

    def wait_for_callers(self) -> None:
        """Wait until every caller calls, with whatever generation is current. Raises NotAdopted."""
        self._wait_for_adoption(time.monotonic() + ADOPTION_SECONDS)
        self.look()

    def rotate(self) -> None:
        """Replace the certificate, and wait until every caller uses the new one. Raises NotAdopted."""
        deadline = time.monotonic() + ADOPTION_SECONDS
        replaced = self._store.order_replacement()
        killers = self._kill_some()
        self._wait_for_successor(replaced.id, deadline)
        published = time.monotonic()
        self._wait_for_adoption(deadline)
        self.windows.append(Window(published, time.monotonic()))
        for killer in killers:
            killer.join()
        self.look()

    def revoke_and_readmit(self) -> None:
        """As the operator: revoke the partner's certificate; give it a new secret; wait until it is back."""
        began = time.monotonic()
        revoked = self._store.current()
        operator.revoke(self._environment.deployment, revoked)
        operator.readmit(self._environment.deployment, self._folder)
        deadline = time.monotonic() + ADOPTION_SECONDS
        self._wait_for_successor(revoked.id, deadline)
        self._wait_for_adoption(deadline)
        self.readmissions.append(Readmission(began, time.monotonic(), revoked.id))

    def look(self) -> None:
        """Measure every process of the environment, and the callers."""
        programs = {process_id: name for name, process_id in self._environment.process_ids().items()}
        callers = {caller.process.pid: caller.plan.name for caller in self._callers}
        now = time.monotonic()
        for process_id in programs:
            self._seen.setdefault(process_id, now)
        self.footprints.look(children_of(programs) | callers, now)

    def _wait_for_successor(self, generation_id: str, deadline: float) -> None:
        while self._store.current_id() in (None, generation_id):
            if time.monotonic() > deadline:
                raise NotAdopted(f"nobody replaced the generation {generation_id}")
            time.sleep(POLL_SECONDS)

    def _wait_for_adoption(self, deadline: float) -> None:
        for caller in self._callers:
            # What is current may change meanwhile: a lifetime is short.
            while not caller.wait_until_adopted(str(self._store.current_id()), seconds=1.0):
                if time.monotonic() > deadline:
                    raise NotAdopted(f"{caller.plan.name} did not adopt {self._store.current_id()}")

    def _kill_some(self) -> list[threading.Timer]:
        """Now and then, at a random point of the rotation."""
        killers = []
        for programs, chance in ((WORKERS, WORKER_CHANCE), (SERVERS, SERVER_CHANCE)):
            if self._chance.random() < chance:
                killer = threading.Timer(
                    self._chance.uniform(0, LATEST_SECONDS), self._kill, (self._chance.choice(programs),)
                )
                killer.start()
                killers.append(killer)
        return killers

    def _kill(self, program: str) -> None:
        process_id = self._environment.process_ids().get(program)
        if process_id is None or not self._is_grown_up(process_id):
            return
        with suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)
            self.killed[program] += 1

    def _is_grown_up(self, process_id: int) -> bool:
        seen_at = self._seen.get(process_id)
        return seen_at is not None and time.monotonic() - seen_at >= YOUNGEST_SECONDS
