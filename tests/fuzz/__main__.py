"""``./scripts/fuzz``: an environment of its own, the requests, and the outcome; or malformed DER."""

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.fuzz import der_campaign
from tests.fuzz.campaign import Campaign
from tests.fuzz.tally import Tally
from tests.fuzz.targets import targets
from workshop.environment.local import Environment
from workshop.environment.ports import Ports
from workshop.environment.running import FAILURES
from workshop.environment.termination import INTERRUPTED, exit_status
from workshop.narration import WIDTH_OF_A_FILE, Narrator
from workshop.story.stage import Stage

REQUESTS = 100_000
SHOWN_FAILURES = 50


def main(arguments: list[str]) -> int:
    """Fuzz. Returns 0; 1 if a server failed at a request, or none could be started; 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE)
    if options.der is not None:
        return _fuzz_der(options.der, seed, console)
    console.print(f"{options.requests} requests, seed {seed}: starting an environment of its own")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        root = Path(folder)
        try:
            with Environment(root / "environment", ports=Ports.free(), fresh=True) as environment:
                return _fuzz(environment, root, options.requests, seed, console)
        except FAILURES as failure:
            console.print(str(failure), markup=False)
            return 1


def _fuzz(environment: Environment, root: Path, requests: int, seed: int, console: Console) -> int:
    deployment = environment.deployment
    stage = Stage(deployment, Narrator(), root / "stage")
    columns = (TextColumn("requests"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    interrupted = False
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("requests", total=requests)
        campaign = Campaign(targets(deployment, stage, root), requests, seed, lambda: progress.advance(task))
        try:
            campaign.run()
        except KeyboardInterrupt:
            interrupted = True
    tracebacks = {
        str(log.relative_to(environment.root)): log.read_text(errors="replace").count("Traceback")
        for log in sorted(environment.root.glob("*/log/*.log"))
    }
    _print(campaign.tally, {log: number for log, number in tracebacks.items() if number}, seed, console)
    failed = campaign.tally.failures or any(tracebacks.values())
    return INTERRUPTED if interrupted else int(bool(failed))


def _fuzz_der(messages: int, seed: int, console: Console) -> int:
    console.print(f"{messages} messages, seed {seed}")
    tally, interrupted = der_campaign.DerTally(), False
    columns = (TextColumn("messages"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("messages", total=messages)
        try:
            der_campaign.run(messages, seed, tally, lambda: progress.advance(task))
        except KeyboardInterrupt:
            interrupted = True
    table = Table("kind", "messages", "stray exceptions")
    for kind, number in tally.counts.items():
        table.add_row(kind, str(number), str(tally.strays[kind] or ""))
    console.print(table)
    for defect in list(tally.defects.values())[:SHOWN_FAILURES]:
        console.print(str(defect), markup=False)
    console.print(
        f"{tally.counts.total()} messages, refused by {len(tally.rules)} rules, "
        f"{tally.strays.total()} stray exceptions, seed {seed}"
    )
    return INTERRUPTED if interrupted else int(bool(tally.defects))


def _print(tally: Tally, tracebacks: dict[str, int], seed: int, console: Console) -> None:
    statuses = sorted({status for counts in tally.statuses.values() for status in counts})
    table = Table("answer", *tally.statuses, "all")
    for status in statuses:
        counts = [each[status] for each in tally.statuses.values()]
        table.add_row(status, *(str(number or "") for number in counts), str(sum(counts)))
    table.add_row("all", *(str(each.total()) for each in tally.statuses.values()), str(tally.requests))
    console.print(table)
    for failure in tally.failures[:SHOWN_FAILURES]:
        console.print(str(failure), markup=False)
    if len(tally.failures) > SHOWN_FAILURES:
        console.print(f"... and {len(tally.failures) - SHOWN_FAILURES} more")
    for log, number in tracebacks.items():
        console.print(f"{number} tracebacks in {log}")
    console.print(
        f"{tally.requests} requests, {len(tally.failures)} failures, {sum(tracebacks.values())} tracebacks, "
        f"seed {seed}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fuzz",
        description="Send requests that nobody sends to every port of an environment of its own.",
        epilog="Exit status: 0 if every request was answered without a server error (501 to an unknown "
        "transfer coding is none), 1 if one was not or nothing could be started, 2 for unknown options, "
        "130 after Ctrl-C.",
    )
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument(
        "--requests", type=int, default=REQUESTS, metavar="N", help="how many (default: %(default)s)"
    )
    amount.add_argument(
        "--der",
        type=int,
        metavar="N",
        help="in place of requests: have so many malformed certificates, certification requests, OCSP "
        "messages, revocation lists and JWKs read",
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="to repeat a run; chosen by chance and printed otherwise"
    )
    return parser


if __name__ == "__main__":
    sys.exit(exit_status("fuzz", lambda: main(sys.argv[1:])))
