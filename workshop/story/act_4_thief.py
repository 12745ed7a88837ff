"""Act 4: a thief has the token, and tries it in every way of the catalogue."""

from workshop.catalogue import TOLD, Expected
from workshop.catalogue.api_presentation import accounts_call
from workshop.loot import Cast
from workshop.partner_call import NOT_SENT
from workshop.story.partner import current_partner, show
from workshop.story.stage import Stage, outcome_of, refusal_in
from workshop.story.theft import the_theft
from workshop.thief import Played, Thief
from workshop.wire import Exchange

TITLE = "A thief has the token"


def play(stage: Stage) -> None:
    """Prove that the valid call is answered, play every attack, and prove it once more."""
    narrator = stage.narrator
    narrator.say("A thief stole the partner's token, and knows its certificate, which is public.")
    narrator.explain(
        "Each attempt differs from the partner's own call by what the line says. The thief also owns a valid "
        "certificate of the same scheme: it is another participant, and still not the partner."
    )
    cast = the_theft(stage)
    thief = Thief(stage.wire, stage.audit, cast)
    _valid_call(stage, cast, "the partner's own call, for comparison")
    for attack in TOLD:
        played = thief.play(attack)
        _tell(stage, played)
        stage.row(
            attack.label,
            attack.title,
            stated(attack.expected),
            observed(played),
            holds=played.holds,
        )
    _valid_call(stage, cast, "the partner's own call, after all that")


def _valid_call(stage: Stage, cast: Cast, attempt: str) -> None:
    exchange = accounts_call(cast).send(stage.wire)
    show(stage, "partner", "bank_api", exchange, current_partner(stage.deployment).generation.thumbprint)
    stage.row("4", attempt, "200", outcome_of(exchange))


def _tell(stage: Stage, played: Played) -> None:
    exchange, attack = played.exchange, played.attack
    stage.narrator.say(f"({attack.label.removeprefix('4')}) {attack.title}")
    presented = next((event.get("thumbprint") for event in played.evidence.events), None)
    stage.narrator.call(
        "thief",
        "bank_api",
        exchange.method,
        _path(exchange),
        outcome_of(exchange),
        thumbprint=presented,
        refused=refusal_in(exchange, played.evidence),
        wanted=played.holds,
        answered=exchange.status is not None,
    )
    for event in played.evidence.events:
        if event["event"] in attack.expected.also:
            stage.narrator.remark(f"recorded: {event['event']}, {event.get('section', '')}")


def _path(exchange: Exchange) -> str:
    """The path, with the value of a query cut: a token is not for the screen."""
    path = "/" + exchange.url.partition("://")[2].partition("/")[2]
    before, mark, _ = path.partition("=")
    return before + ("=…" if mark else "")


def stated(expected: Expected) -> str:
    """What must come of an attack, in a few words."""
    return _came(expected.status, expected.error, expected.rule)


def observed(played: Played) -> str:
    """What came of it."""
    missing = ", ".join(sorted(played.attack.expected.also - played.evidence.names()))
    told = "" if played.gave_nothing_away else " (its answer tells what exists)"
    note = f" (no event {missing})" if missing else ""
    return _came(played.exchange.status, played.exchange.error, played.evidence.rule) + note + told


def _came(status: int | None, error: str | None, rule: str | None) -> str:
    ended = "not sent" if error == NOT_SENT else f"{status or 'ended by TLS'} {error or ''}".rstrip()
    return f"{ended}: {rule}"
