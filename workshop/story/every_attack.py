"""The whole catalogue, family by family: for whoever wants more than the story tells."""

from workshop.catalogue import ATTACKS, FAMILIES, Attack, Family
from workshop.story.act_4_thief import observed, stated
from workshop.story.stage import Stage, outcome_of
from workshop.story.theft import the_theft
from workshop.thief import Played, Thief
from workshop.wire import Exchange

VALID_CALL = "the valid call"
COLUMNS = ("attack", "what is tried", "expected", "observed", "holds")


def play(stage: Stage) -> None:
    """Play every attack beside the valid call from which it differs, and show a table for each family."""
    stage.narrator.say("Tokens are stolen, certificates forged, folders copied; one token has to expire.")
    thief = Thief(stage.wire, stage.audit, the_theft(stage))
    for family in FAMILIES:
        attacks = [attack for attack in ATTACKS if attack.family == family]
        valid = _valid(thief, attacks[0])
        if valid is None:
            stage.narrator.say(f"{family.title}: not played here.")
            continue
        stage.row(family.identifier, VALID_CALL, str(family.answered), outcome_of(valid))
        rows = [_row(stage, family, attack, _played(thief, attack)) for attack in attacks]
        stage.narrator.table(f"{family.title} (the valid call: {outcome_of(valid)})", COLUMNS, rows)


def what_was_played(stage: Stage) -> str:
    """For the last line."""
    valid = sum(row.attempt == VALID_CALL for row in stage.rows)
    return f"the catalogue, {valid} valid calls among them"


def _valid(thief: Thief, attack: Attack) -> Exchange | None:
    """None where the valid call itself takes what is on another machine."""
    try:
        return thief.valid(attack)
    except LookupError:
        return None


def _played(thief: Thief, attack: Attack) -> Played | None:
    """None where this attack cannot be played here: it takes what is on another machine."""
    try:
        return thief.play(attack)
    except LookupError:
        return None


def _row(
    stage: Stage, family: Family, attack: Attack, played: Played | None
) -> tuple[str, str, str, str, str]:
    if played is None:
        return attack.identifier, attack.title, stated(attack.expected), "not played here", ""
    came, wanted = observed(played), stated(attack.expected)
    stage.row(family.identifier, attack.title, wanted, came, holds=played.holds)
    return attack.identifier, attack.title, wanted, came, "yes" if played.holds else "NO"
