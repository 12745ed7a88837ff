"""The comparison: environment, measuring, stealing, revoking, and what came of it all."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from operations.settings.environment import REPOSITORY
from workshop.comparison.customer import CustomerFailed, DistantCustomer
from workshop.comparison.machine import described
from workshop.comparison.measuring import measure
from workshop.comparison.page import page
from workshop.comparison.place import SERVERS, Place, place
from workshop.comparison.results import Results
from workshop.comparison.revocations import revoke_certificate, revoke_tokens
from workshop.comparison.tables import tables
from workshop.comparison.thefts import MethodThief, try_it
from workshop.environment.running import FAILURES
from workshop.methods import METHODS, Holder, answered
from workshop.narration import Narrator
from workshop.partner_caller import REVOCATION_SECONDS
from workshop.story.partner import current_partner, metadata
from workshop.story.stage import Stage, StoryStopped, outcome_of

HOLDS, FAILED, INTERRUPTED = 0, 1, 130


def compare(arguments: argparse.Namespace, root: Path = REPOSITORY / "var" / "compare") -> int:
    """Compare and return the exit status. root: of the environment that is started for it, on free ports."""
    narrator = Narrator()
    narrator.say("Starting everything, on ports of its own:")
    try:
        with (
            place(root, narrator) as found,
            tempfile.TemporaryDirectory(prefix="comparison-") as workspace,
        ):
            results = _compare(Stage(found.deployment, narrator, Path(workspace)), found, arguments)
            narrator.say("Stopping everything.")
    except (*FAILURES, CustomerFailed, StoryStopped, OSError) as failure:
        print(f"compare: {failure}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("compare: interrupted; nothing is left running", file=sys.stderr)
        return INTERRUPTED
    _show(results, narrator)
    if arguments.report:
        arguments.report.write_text(json.dumps(results.as_json(), indent=2) + "\n")
        arguments.report.with_suffix(".html").write_text(page(results))
        narrator.say(f"Written: {arguments.report} and {arguments.report.with_suffix('.html')}")
    return FAILED if results.unexpected else HOLDS


def _compare(stage: Stage, found: Place, arguments: argparse.Namespace) -> Results:
    narrator = stage.narrator
    results = Results(
        f"./scripts/compare --rounds {arguments.rounds} --calls {arguments.calls}",
        described(),
        tuple(SERVERS),
    )
    known = metadata(stage)
    turns = arguments.rounds * len(METHODS)
    narrator.say(f"Measuring {len(METHODS)} methods in {arguments.rounds} rounds.")
    with (
        DistantCustomer(found.deployment, known) as customer,
        narrator.progress("measuring", turns) as advance,
    ):
        seen = iter(range(turns))
        results.measured = measure(
            customer,
            found.instruments,
            arguments.rounds,
            arguments.calls,
            lambda title: advance(next(seen), title),
        )
    holders = [Holder(method, found.deployment, known) for method in METHODS]
    narrator.say("Stealing from each.")
    for holder in holders:
        _steal(stage, holder, results)
    narrator.say("Revoking the tokens, while everybody calls.")
    with _seconds(narrator, "revoked tokens") as tell:
        results.ended += revoke_tokens(stage, holders, tell)
    narrator.say("Revoking the certificate, while everybody calls.")
    with _seconds(narrator, "revoked certificate") as tell:
        generation = current_partner(stage.deployment).generation
        results.ended += revoke_certificate(stage, holders, generation, tell)
    return results


def _steal(stage: Stage, holder: Holder, results: Results) -> None:
    exchange = answered(holder.token_call, lambda call: call.send(stage.wire))
    if exchange.status != 200:
        raise StoryStopped(f"{holder.method.title}: no token: {outcome_of(exchange)}")
    answer = exchange.json()
    results.lifetimes[holder.method.name] = int(answer["expires_in"])
    token = str(answer["access_token"])
    answered(lambda: holder.accounts_call(token), lambda call: call.send(stage.wire))
    thief = MethodThief.enrolled(stage)
    thefts = thief.thefts(holder, token, lambda call: call.send(stage.wire))
    results.tried[holder.method.name] = [try_it(stage, theft) for theft in thefts]


@contextmanager
def _seconds(narrator: Narrator, what: str) -> Iterator[Callable[[float], None]]:
    with narrator.progress(what, int(REVOCATION_SECONDS)) as advance:
        yield lambda seconds: advance(int(seconds), "seconds since")


def _show(results: Results, narrator: Narrator) -> None:
    for table in tables(results):
        narrator.say("")
        narrator.table(table.title, table.columns, table.rows)
        if table.note:
            narrator.say(table.note)
    narrator.say("")
    for each in results.unexpected:
        narrator.say(f"  {each}")
    narrator.say("NOT everything holds." if results.unexpected else "Everything holds.")
