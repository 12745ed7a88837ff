"""Messages in DER, changed by the thousand and given to whatever reads them, without sockets."""

import importlib
import os
import random
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import django


@dataclass(frozen=True)
class Defect:
    """A message of a kind, and what reading it raised."""

    kind: str
    message: bytes
    error: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.message.hex()}\n{self.error}"


@dataclass
class DerTally:
    """counts, strays: messages, and stray exceptions, by kind. defects: one for each place that raised.

    rules: how often each rule refused.
    """

    counts: Counter[str] = field(default_factory=Counter)
    strays: Counter[str] = field(default_factory=Counter)
    defects: dict[str, Defect] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)

    def record(self, kind: str, message: bytes, consume: Callable[[bytes], None]) -> None:
        """Have one message read, and count what comes of it."""
        try:
            consume(message)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as problem:  # noqa: BLE001 - a panic of the Rust code is no Exception
            last = traceback.extract_tb(problem.__traceback__)[-1]
            place = f"{kind}: {type(problem).__name__} at {last.filename}:{last.lineno}"
            self.defects.setdefault(place, Defect(kind, message, traceback.format_exc()))
            self.strays[kind] += 1
        self.counts[kind] += 1


def consumers() -> Any:
    """The module with every kind of message and what reads it. Sets Django up, for all services."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.every_service")
    django.setup()
    return importlib.import_module("tests.fuzz.der_consumers")


def run(messages: int, seed: int, tally: DerTally, advance: Callable[[], object]) -> None:
    """Make so many messages and have them read. advance: is called after each. Repeatable by the seed.

    Warnings are ignored, as in production: a library that warns goes on, and so do the values.
    """
    module = consumers()
    chance = random.Random(seed)  # noqa: S311 - to be repeatable
    chosen = [each for each in module.TARGETS for _ in range(each.share)]
    module.rules.clear()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for place in range(messages):
                target = chosen[place % len(chosen)]
                # Each from a seed of its own: what one draws changes no other.
                message = target.make(random.Random(chance.getrandbits(64)))  # noqa: S311 - as above
                tally.record(target.name, message, target.consume)
                advance()
    finally:
        tally.rules.update(module.rules)
