"""Act 8: somebody stands between the partner and the bank, and poses as the bank."""

from workshop.catalogue import middle
from workshop.story.act_4_thief import observed, stated
from workshop.story.partner import current_partner, show
from workshop.story.stage import Stage, outcome_of, refusal_in
from workshop.story.theft import the_theft
from workshop.thief import Played, Thief

TITLE = "A false bank"


def play(stage: Stage) -> None:
    """Lead the partner's own client code to a false bank, with every certificate that one can show it."""
    narrator = stage.narrator
    narrator.say(
        "Somebody answers at the bank's address, and waits for the partner's token. The partner's own client "
        "code looks at the server's certificate before it sends anything."
    )
    cast = the_theft(stage)
    valid = middle.partner_call(cast).send(stage.wire)
    show(stage, "partner", "bank_api", valid, current_partner(stage.deployment).generation.thumbprint)
    stage.row("8", "the partner's own code, led to the bank", "200", outcome_of(valid))
    thief = Thief(stage.wire, stage.audit, cast)
    for attack in middle.ATTACKS:
        if attack.family is middle.MIDDLE and not attack.insider:
            played = thief.play(attack)
            _tell(stage, played)
            stage.row("8", attack.title, stated(attack.expected), observed(played), holds=played.holds)


def _tell(stage: Stage, played: Played) -> None:
    stage.narrator.say(played.attack.title[0].upper() + played.attack.title[1:])
    was_passed_on = played.exchange.status is not None
    stage.narrator.call(
        "false bank" if was_passed_on else "partner",
        "bank_api" if was_passed_on else "false bank",
        played.exchange.method,
        "/accounts",
        outcome_of(played.exchange),
        thumbprint=played.evidence.refusal.get("thumbprint"),
        refused=refusal_in(played.exchange, played.evidence),
        wanted=played.holds,
        answered=was_passed_on,
    )
