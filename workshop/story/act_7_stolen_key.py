"""Act 7: a thief who has the key, too, is the partner; until the certificate is revoked."""

import itertools
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sender_constraint.certificates.generations import Generation, GenerationStore
from workshop import operator
from workshop.partner_caller import REVOCATION_SECONDS
from workshop.patience import patiently
from workshop.private_files import write_private
from workshop.story import revoking
from workshop.story.key_thief import KeyThief
from workshop.story.other_partner import OtherPartner
from workshop.story.partner import Partner, current_partner, show
from workshop.story.stage import Stage, StoryStopped, explain_command, outcome_of
from workshop.story.traffic import Timeline, traffic
from workshop.story.ways import Way, go_on
from workshop.wire import Exchange

TITLE = "The thief has the key, too"
RULE = "certificate.revoked"
# For a command of the operator, the promise, and a machine that has much to do.
LONGEST_PLAY_SECONDS = 20
# Without an operator the act waits until a certificate is replaced: nobody waits for longer than this.
LONGEST_LIFETIME_SECONDS = 120
PATIENCE_SECONDS = 30
POLL_SECONDS = 0.1


def play(stage: Stage) -> None:
    """Let the thief succeed, have the certificate revoked, and measure for how long it goes on succeeding."""
    narrator, deployment = stage.narrator, stage.deployment
    narrator.say("This time the thief took more than the token: the private key as well, off a stolen disk.")
    narrator.explain(
        "A token is bound to a key. Whoever has both is the partner, and no server can tell them apart: this "
        "is the limit of the claim. What is left is to end the certificate, and to be quick about it."
    )
    with traffic(deployment) as business:
        thief = KeyThief.robbing(stage, _partner_for_some_time(stage))
        with thief.ways(stage) as ways:
            _it_works(stage, thief, ways)
            if operator.is_here(deployment):
                narrator.say(
                    "The partner reports the theft, and the operator revokes the certificate. The thief "
                    "calls on and on meanwhile, and so does everybody else:"
                )
                _until_revoked(stage, thief, ways, lambda: revoking.by_operator(stage, thief.generation))
            elif deployment.certificate_lifetime_seconds <= LONGEST_LIFETIME_SECONDS:
                _the_partner_helps_itself(stage, thief, ways, business)
            else:
                narrator.say(
                    "How it ends is left out: the operator is not here, and certificates last too long."
                )
        if operator.is_here(deployment):
            _the_partner_comes_back(stage, business)


def _partner_for_some_time(stage: Stage) -> Partner:
    """The partner with a certificate that does not end before the act does."""
    lifetime = stage.deployment.certificate_lifetime_seconds
    wanted = min(LONGEST_PLAY_SECONDS, lifetime / 2)
    _wait(
        lambda: (_end_of_certificate(stage) - datetime.now(UTC)).total_seconds() >= wanted,
        lifetime,
        "the partner's worker does not replace its certificate",
    )
    return current_partner(stage.deployment)


def _end_of_certificate(stage: Stage) -> datetime:
    return current_partner(stage.deployment).generation.not_after


def _it_works(stage: Stage, thief: KeyThief, ways: Sequence[Way]) -> None:
    outcomes = []
    for way in ways:
        exchange = patiently(way.go)
        outcomes.append(exchange.status)
        show(stage, "thief", way.whom, exchange, thief.generation.thumbprint)
        stage.narrator.remark(way.how)
        stage.row("7", f"the thief with token and key: {way.how}", "200", outcome_of(exchange))
    if set(outcomes) == {200}:
        stage.narrator.say("All of it works: nothing on the wire tells the thief from the partner.")


def _until_revoked(
    stage: Stage, thief: KeyThief, ways: Sequence[Way], revoke: Callable[[], datetime]
) -> None:
    """Have it revoked while everybody calls, and show until when each way of the thief's worked."""
    promise = REVOCATION_SECONDS
    other = Way("the other partner", "bank_api", OtherPartner(stage).reads_its_accounts)
    with (
        revoking.beside_the_story() as desk,
        stage.narrator.progress("seconds since the revocation", int(promise)) as advance,
    ):
        revoked_at = go_on(
            (*ways, other),
            desk.submit(revoke),
            promise,
            lambda seconds: advance(int(seconds), f"refused: {sum(not way.is_served for way in ways)} of 4"),
        )
    for way in ways:
        _tell(stage, thief, way, way.seconds_until_refused(revoked_at))
    for refused in itertools.islice((each for way in ways for each in way.refusals.values()), 1):
        stage.narrator.say(f"Why it was refused, in full: {explain_command(stage, refused)}")
    served = not other.refusals
    stage.row(
        "7",
        "the other partner meanwhile",
        "served each time",
        f"served each time, {other.calls} calls" if served else f"refused: {', '.join(other.refusals)}",
        holds=served,
    )


def _tell(stage: Stage, thief: KeyThief, way: Way, seconds: float | None) -> None:
    promise = REVOCATION_SECONDS
    error = "invalid_token" if way.whom == "bank_api" else "invalid_client"
    wanted = f"401 {error}: {RULE}"
    came = ", ".join(f"{outcome}: {_rule(stage, refused)}" for outcome, refused in way.refusals.items())
    for refused in way.refusals.values():
        show(stage, "thief", way.whom, refused, thief.generation.thumbprint, expected_status=401)
    if seconds is None:
        stage.narrator.say(
            f"  ✗ thief → {way.whom}  {way.how}: served still, {promise:g} s after the revocation"
        )
        came = f"served still after {promise:g} s"
    else:
        stage.narrator.remark(
            f"{way.how}: no more from {seconds:.1f} s after the revocation on; promised: {promise:g} s"
        )
        came += f" after {seconds:.1f} s"
    stage.row(
        "7",
        f"the same, revoked: {way.how}",
        f"{wanted} within {promise:g} s",
        came,
        holds=seconds is not None and seconds < promise and came.startswith(f"{wanted} after"),
    )


def _rule(stage: Stage, refused: Exchange) -> str | None:
    return stage.audit.about(refused).rule


def _the_partner_comes_back(stage: Stage, business: Timeline) -> None:
    """The operator gives a new secret; the rest happens by itself."""
    refused = len(business.failed)
    stage.narrator.say(
        f"The partner was refused as well, {refused} times: it showed the same certificate. The operator "
        "gives it a one-time secret for a new beginning, with a new key:"
    )
    secret = revoking.new_secret(stage)
    delivered_at = datetime.now(UTC)
    folder = stage.deployment.states[revoking.PARTNER] / "enrolment"
    write_private(folder / "client.secret", secret)
    call = business.wait_until_served(delivered_at, PATIENCE_SECONDS)
    came = "refused still"
    if call is not None:
        seconds = (call.started_at - delivered_at).total_seconds()
        came = f"served after {seconds:.1f} s"
        stage.narrator.call(
            "partner",
            "bank_api",
            call.method,
            urlsplit(call.url).path,
            str(call.status),
            thumbprint=call.thumbprint,
        )
        stage.narrator.remark(
            f"{seconds:.1f} s after the secret was delivered: the worker enrolled by itself, the processes "
            "that call noticed, and nobody restarted anything"
        )
    stage.row(
        "7", "the partner, with a new one-time secret and no restart", "served", came, holds=call is not None
    )


def _the_partner_helps_itself(stage: Stage, thief: KeyThief, ways: Sequence[Way], business: Timeline) -> None:
    """Where there is no operator: the partner revokes what its worker has replaced."""
    stage.narrator.say(
        "The operator is not here, so the partner helps itself: its worker replaces the certificate, as it "
        "always does, and then it revokes the one before, whose key was stolen. The thief calls on and on:"
    )
    _until_revoked(stage, thief, ways, lambda: _revoked_when_replaced(stage, thief.generation, business))
    stage.row("7", "the partner's own calls meanwhile: failed", "0", str(len(business.failed)))


def _revoked_when_replaced(stage: Stage, generation: Generation, business: Timeline) -> datetime:
    store = GenerationStore(generation.directory.parent.parent)
    _wait(
        lambda: store.current_id() != generation.id and business.has_served(store.current_id()),
        stage.deployment.certificate_lifetime_seconds,
        "the partner's worker does not replace its certificate",
    )
    return revoking.by_holder(stage, generation)


def _wait(condition: Callable[[], bool], seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise StoryStopped(otherwise)
        time.sleep(POLL_SECONDS)
