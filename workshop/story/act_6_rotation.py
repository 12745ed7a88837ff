"""Act 6: certificates turn in the background, under traffic, without a failed call."""

import itertools
import time
from datetime import UTC, datetime

from workshop.calls import Call
from workshop.story.stage import Stage, outcome_of, refusal_in
from workshop.story.traffic import Timeline, traffic
from workshop.wire import Credentials

TITLE = "Certificates turn under traffic"
ROTATIONS = 3
FEWEST_CALLS_PER_SECOND = 5


def play(stage: Stage) -> None:
    """Call without a pause until the worker has replaced the certificate three times."""
    lifetime = stage.deployment.certificate_lifetime_seconds
    narrator = stage.narrator
    narrator.say(
        f"Certificates live for {lifetime} seconds, and are replaced in the last third of that. The partner "
        "calls the bank all the while:"
    )
    narrator.explain(
        "The worker makes a new key and re-enrols with the certificate that it replaces (RFC 7030 §4.2.2). "
        "Each process that calls notices the new generation, prepares connections and a token for it, and "
        "only then swaps; calls in flight finish on the old ones."
    )
    started = time.monotonic()
    with traffic(stage.deployment) as timeline:
        _watch(stage, timeline, seconds=lifetime * (ROTATIONS + 1) + 30)
        _old_token_with_new_certificate(stage, timeline)
    rate = len(timeline.calls) / (time.monotonic() - started)
    _show(stage, timeline)
    stage.timeline += [reign.report() for reign in timeline.in_order()]
    stage.row(
        "6",
        "the worker replaces the partner's certificate under traffic",
        f"at least {ROTATIONS} times",
        f"{timeline.rotations} times",
        holds=timeline.rotations >= ROTATIONS,
    )
    stage.row(
        "6",
        "business calls meanwhile",
        f"at least {FEWEST_CALLS_PER_SECOND} a second",
        f"{len(timeline.calls)} calls, {rate:.1f} a second",
        holds=rate >= FEWEST_CALLS_PER_SECOND,
    )
    stage.row("6", "failed calls", "0", str(len(timeline.failed)))
    for failure in timeline.failed[:5]:
        narrator.say(f"  failed: {failure}")


def _watch(stage: Stage, timeline: Timeline, seconds: float) -> None:
    """Tell of each generation as it takes over."""
    deadline = time.monotonic() + seconds
    told: set[str] = set()
    with stage.narrator.progress("certificates replaced", ROTATIONS) as advance:
        while timeline.rotations < ROTATIONS and time.monotonic() < deadline:
            timeline.wait_for_rotations(timeline.rotations + 1, seconds=1)
            advance(timeline.rotations, f"{len(timeline.calls)} calls, {len(timeline.failed)} failed")
            for reign in timeline.in_order():
                if reign.generation.id not in told:
                    told.add(reign.generation.id)
                    stage.narrator.say(
                        f"  {reign.began:%H:%M:%S}  calls now use certificate {reign.generation.thumbprint}"
                    )


def _old_token_with_new_certificate(stage: Stage, timeline: Timeline) -> None:
    """The token of the generation before, presented with the certificate of this one."""
    reigns = timeline.in_order()
    if len(reigns) < 2:
        return
    old, new = reigns[-2], reigns[-1]
    credentials = Credentials(new.generation.certificate_path, new.generation.private_key_path)
    call = Call("GET", f"{stage.deployment.api_url}/accounts", old.tokens[-1].value, credentials)
    exchange = call.send(stage.wire)
    evidence = stage.audit.about(exchange)
    stage.narrator.say("The old token, presented with the new certificate:")
    observed = f"{outcome_of(exchange)}: {evidence.rule}"
    expected = "401 invalid_token: binding.certificate"
    stage.narrator.call(
        "partner",
        "bank_api",
        "GET",
        "/accounts",
        outcome_of(exchange),
        thumbprint=new.generation.thumbprint,
        refused=refusal_in(exchange, evidence),
        wanted=observed == expected,
    )
    stage.row("6", "the old token with the new certificate", expected, observed)


def _show(stage: Stage, timeline: Timeline) -> None:
    reigns = timeline.in_order()
    beginning = reigns[0].began if reigns else datetime.now(UTC)

    def since(moment: datetime | None) -> str:
        return f"{(moment - beginning).total_seconds():.1f} s" if moment else "now"

    stage.narrator.table(
        "Timeline",
        ("generation", "certificate", "serving", "tokens", "calls", "retries"),
        [
            (
                str(number),
                reign.generation.thumbprint,
                f"{since(reign.began)} to {since(reign.ended)}",
                ", ".join(token.fingerprint for token in reign.tokens),
                str(reign.calls),
                str(reign.retries),
            )
            for number, reign in zip(itertools.count(1), reigns, strict=False)
        ],
    )
    stage.narrator.say(f"Failed calls: {len(timeline.failed)}")
