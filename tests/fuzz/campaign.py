"""The requests, made and sent: a thread for each target, all repeatable by one seed."""

import random
import threading
import time
from collections.abc import Callable, Sequence

import hypothesis
from hypothesis import HealthCheck, Phase, given

from tests.fuzz.connection import Connection
from tests.fuzz.message import Message
from tests.fuzz.strategies import messages
from tests.fuzz.tally import Tally
from tests.fuzz.targets import Target

# A batch ends well before its tokens do.
BATCH = 500
TEMPLATES_SECONDS = 120
LOOK_SECONDS = 0.2


class Stopped(BaseException):
    """The campaign is being ended. No Exception: to Hypothesis it is no example that failed."""


class Campaign:
    """So many requests to these targets. advance: is called after each."""

    def __init__(
        self, targets: Sequence[Target], requests: int, seed: int, advance: Callable[[], object]
    ) -> None:
        shares = sum(each.share for each in targets)
        self.quotas = {each.name: max(1, requests * each.share // shares) for each in targets}
        # What the division leaves over.
        self.quotas[targets[0].name] += requests - sum(self.quotas.values())
        self.tally = Tally()
        self._targets = targets
        self._seed = seed
        self._advance = advance
        self._stopping = threading.Event()
        self._defects: list[BaseException] = []

    def run(self) -> None:
        """Send them all. KeyboardInterrupt passes, once every thread has ended. Raises a thread's defect."""
        threads = [threading.Thread(target=self._besiege, args=(each,)) for each in self._targets]
        for thread in threads:
            thread.start()
        try:
            # Bit by bit: a signal does not always wake whoever waits without an end.
            for thread in threads:
                while thread.is_alive():
                    thread.join(LOOK_SECONDS)
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()
        for defect in self._defects:
            raise defect

    def _besiege(self, target: Target) -> None:
        connection = Connection(target.port, target.context)
        chance = random.Random(f"{self._seed} {target.name}")  # noqa: S311 - to be repeatable
        left = self.quotas[target.name]
        try:
            templates, made_at = target.templates(), time.monotonic()
            while left > 0:
                if time.monotonic() - made_at > TEMPLATES_SECONDS:
                    templates, made_at = target.templates(), time.monotonic()
                batch = Batch(self, target, connection, min(left, BATCH))
                batch.send(messages(templates), chance.getrandbits(64))
                left -= batch.sent
        except Stopped:
            return
        except BaseException as defect:  # noqa: BLE001 - it is raised again by ``run``
            self._defects.append(defect)
            self._stopping.set()
        finally:
            connection.close()

    def send(self, target: Target, connection: Connection, message: Message) -> None:
        """Send one request and count it. Raises Stopped."""
        if self._stopping.is_set():
            raise Stopped
        self.tally.record(target.name, message, connection.send(message))
        self._advance()


class Batch:
    """What Hypothesis draws from one seed."""

    def __init__(self, campaign: Campaign, target: Target, connection: Connection, size: int) -> None:
        self.sent = 0
        self._campaign, self._target, self._connection = campaign, target, connection
        self._size = size

    def send(self, strategy: hypothesis.strategies.SearchStrategy[Message], seed: int) -> None:
        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=self._size,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(message=strategy)
        def each(message: Message) -> None:
            self._campaign.send(self._target, self._connection, message)
            self.sent += 1

        each()
