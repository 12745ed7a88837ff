"""The soak: environment, callers, rotations, and what came of it all."""

import argparse
import json
import random
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from operations.settings.environment import REPOSITORY
from partner_client.banking.client import BankingClient
from sender_constraint.client.observer import CallerObserver
from workshop.environment.deployment import Deployment
from workshop.environment.local import Environment
from workshop.environment.ports import Ports
from workshop.environment.running import FAILURES
from workshop.partner_caller import partner_caller
from workshop.soak.arguments import LIFETIME_SECONDS, OPERATOR_EVERY
from workshop.soak.callers import CallerEnded, calling
from workshop.soak.measures import calls_of, payments_of
from workshop.soak.operator import OperatorFailed
from workshop.soak.report import Outcome, show
from workshop.soak.rotating import NotAdopted, Rotations

HOLDS, FAILED, INTERRUPTED = 0, 1, 130

CREDITOR = "Soak Ltd: "


def soak(arguments: argparse.Namespace, root: Path = REPOSITORY / "var" / "soak") -> int:
    """Soak and return the exit status. root: of the environment that is started for it, on free ports."""
    console = Console()
    seed = random.SystemRandom().randrange(2**32) if arguments.seed is None else arguments.seed
    environment = Environment(
        root,
        ports=Ports.free(),
        lifetime_seconds=LIFETIME_SECONDS,
        fresh=True,
        tell=lambda step: console.print(f"  {step}", markup=False),
    )
    console.print(f"Starting everything; seed {seed}:", markup=False)
    try:
        with environment:
            chance = random.Random(seed)  # noqa: S311 - a run can be played again
            outcome = _soak(environment, arguments, chance, console)
    except FAILURES as failure:
        print(f"soak: {failure}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("soak: interrupted before the first rotation; nothing is left running", file=sys.stderr)
        return INTERRUPTED
    show(outcome, console)
    if arguments.report:
        arguments.report.write_text(json.dumps(outcome.as_json(), indent=2) + "\n")
    if outcome.stopped == _INTERRUPTED:
        return INTERRUPTED
    return HOLDS if outcome.holds else FAILED


_INTERRUPTED = "interrupted"


def _soak(
    environment: Environment, arguments: argparse.Namespace, chance: random.Random, console: Console
) -> Outcome:
    deployment = environment.deployment
    folder = environment.root / "calls"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    stopped = ""
    with _bank(deployment) as bank:
        account = bank.list_accounts()[0].id
    with calling(deployment, account, folder, arguments.processes, arguments.threads) as callers:
        rotations = Rotations(environment, callers, folder, chance)
        began = time.monotonic()
        try:
            rotations.wait_for_callers()
            began = time.monotonic()
            _rotate(rotations, arguments.rotations, console)
        except KeyboardInterrupt:
            stopped = _INTERRUPTED
        except (NotAdopted, CallerEnded, OperatorFailed) as failure:
            stopped = str(failure)
        seconds = time.monotonic() - began
        rotations.look()
    console.print("Comparing what was paid with what is booked.")
    environment.wait_until_healthy()
    with _bank(deployment) as bank:
        booked = [
            each.description.removeprefix(CREDITOR)
            for each in bank.transactions(account)
            if each.description.startswith(CREDITOR)
        ]
    return Outcome(
        planned=arguments.rotations,
        rotations=rotations.done,
        readmissions=len(rotations.readmissions),
        killed=dict(rotations.killed),
        seconds=seconds,
        rotation_seconds=[window.ended - window.began for window in rotations.windows],
        calls=calls_of(
            [Path(caller.plan.calls) for caller in callers], rotations.windows, rotations.readmissions
        ),
        payments=payments_of([Path(caller.plan.orders) for caller in callers], booked),
        lives=rotations.footprints.lives(),
        stopped=stopped,
    )


def _rotate(rotations: Rotations, wanted: int, console: Console) -> None:
    """One rotation after the other, and now and then the operator."""
    every = min(OPERATOR_EVERY, max(1, wanted // 2))
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    remark = TextColumn("[dim]{task.fields[remark]}[/]")
    with Progress(*columns, remark, console=console, transient=True) as bar:
        task = bar.add_task("rotations", total=wanted, remark="")
        while rotations.done < wanted:
            rotations.rotate()
            if rotations.done % every == 0:
                bar.update(task, remark="the operator revokes, and admits anew")
                rotations.revoke_and_readmit()
            killed = sum(rotations.killed.values())
            bar.update(task, completed=rotations.done, remark=f"{killed} processes killed")


@contextmanager
def _bank(deployment: Deployment) -> Iterator[BankingClient]:
    """The bank, as the partner asks it before and after."""
    with partner_caller(
        store=deployment.certificate_store("partner_client"),
        issuer=deployment.issuer,
        api_url=deployment.api_url,
        ca_public_url=deployment.ca_public_url,
        trust_bundle=deployment.trust_bundle,
        observer=CallerObserver(),
    ) as caller:
        yield BankingClient(caller, deployment.api_url)
