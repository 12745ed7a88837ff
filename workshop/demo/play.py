"""Plays the acts: against an environment of its own, or against the one that the variables describe."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from operations.settings.environment import REPOSITORY
from workshop.environment.deployment import DAY_SECONDS, Deployment, attached
from workshop.environment.local import Environment
from workshop.environment.ports import Ports
from workshop.environment.running import FAILURES
from workshop.narration import Narrator
from workshop.story import (
    act_1_certificates,
    act_2_token,
    act_3_business,
    act_4_thief,
    act_5_bearer,
    act_6_rotation,
    act_7_stolen_key,
    act_8_false_bank,
    act_9_side_by_side,
    every_attack,
)
from workshop.story.stage import Stage, StoryStopped

ACTS = {
    1: act_1_certificates,
    2: act_2_token,
    3: act_3_business,
    4: act_4_thief,
    5: act_5_bearer,
    6: act_6_rotation,
    7: act_7_stolen_key,
    8: act_8_false_bank,
    9: act_9_side_by_side,
}

HOLDS, FAILED, INTERRUPTED = 0, 1, 130


def play_in_the_right_place(
    arguments: argparse.Namespace, root: Path = REPOSITORY / "var" / "demo", ports: Ports | None = None
) -> int:
    """Play the story and return the exit status.

    root, ports: of the environment that is started for it, where none is described by variables.
    """
    narrator = Narrator(explain=arguments.explain, pause=arguments.pause)
    try:
        with (
            _environment(arguments, narrator, root, ports) as deployment,
            tempfile.TemporaryDirectory(prefix="story-") as workspace,
        ):
            stage = Stage(deployment, narrator, Path(workspace))
            return _play(stage, arguments)
    except FAILURES as failure:
        print(f"demo: {failure}", file=sys.stderr)
    except (StoryStopped, OSError) as stopped:
        print(f"demo: the story stopped: {stopped}", file=sys.stderr)
    except KeyboardInterrupt:
        print("demo: interrupted; everything it started is stopped", file=sys.stderr)
        return INTERRUPTED
    return FAILED


def _play(stage: Stage, arguments: argparse.Namespace) -> int:
    numbers = [] if arguments.attacks else sorted(set(arguments.act or ACTS))
    playing = "attacks"
    try:
        if arguments.attacks:
            every_attack.play(stage)
        for number in numbers:
            playing = str(number)
            stage.narrator.act(number, ACTS[number].TITLE)
            ACTS[number].play(stage)
    except BaseException as stopped:
        # Also after Ctrl-C: a report of half a story does not hold.
        stage.row(
            playing,
            "the act is played to its end",
            "yes",
            "interrupted" if isinstance(stopped, KeyboardInterrupt) else f"no: {stopped!r}",
        )
        raise
    finally:
        if arguments.attacks:
            stage.narrator.say(_sum_of(stage, every_attack.what_was_played(stage)))
        elif stage.rows:
            _close(stage, numbers)
        if arguments.report:
            arguments.report.write_text(json.dumps(stage.report(), indent=2) + "\n")
    return HOLDS if stage.holds else FAILED


def _close(stage: Stage, numbers: list[int]) -> None:
    narrator = stage.narrator
    narrator.part("What was attempted, expected and observed")
    narrator.table(
        "",
        ("act", "attempt", "expected", "observed", "holds"),
        [
            (row.act, row.attempt, row.expected, row.observed, "yes" if row.holds else "NO")
            for row in stage.rows
        ],
    )
    narrator.say(_sum_of(stage, _acts(numbers)))


def _acts(numbers: list[int]) -> str:
    """``act 4``, ``acts 1, 3``, or ``acts 1 to 8``."""
    if len(numbers) == 1:
        return f"act {numbers[0]}"
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"acts {numbers[0]} to {numbers[-1]}"
    return f"acts {', '.join(map(str, numbers))}"


def _sum_of(stage: Stage, what: str) -> str:
    failed = [row for row in stage.rows if not row.holds]
    ended = f"{len(failed)} not as expected." if failed else "every row holds."
    attempts = "1 attempt" if len(stage.rows) == 1 else f"{len(stage.rows)} attempts"
    return f"{attempts} in {what}: {ended}"


@contextmanager
def _environment(
    arguments: argparse.Namespace, narrator: Narrator, root: Path, ports: Ports | None
) -> Iterator[Deployment]:
    described = attached()
    if described is not None:
        yield described
        return
    started = time.monotonic()
    environment = Environment(
        root,
        ports=ports,
        # The catalogue takes longer than a token that ends with a certificate of a minute.
        lifetime_seconds=DAY_SECONDS if arguments.attacks else arguments.lifetime,
        fresh=True,
        tell=lambda step: narrator.say(f"  {step}"),
    )
    narrator.say("Starting a certificate authority, a bank, two partners and their workers:")
    with environment:
        narrator.say(f"  everything is up after {time.monotonic() - started:.0f} s")
        yield environment.deployment
        if arguments.keep:
            environment.leave_running()
            narrator.say(f"Everything stays up, with its state in {root}; ./scripts/down ends it.")
        else:
            narrator.say("Stopping everything.")
