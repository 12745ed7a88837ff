"""Every attack of the catalogue against the running servers: refused, each for its own reason."""

import pytest

from workshop.catalogue import ATTACKS, Attack
from workshop.loot import Cast
from workshop.story.stage import Stage
from workshop.thief import Thief

FEWEST_ATTACKS = 60


def test_the_catalogue_is_as_long_as_it_is_said_to_be() -> None:
    assert len(ATTACKS) >= FEWEST_ATTACKS


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.identifier)
def test_an_attack_is_refused_for_its_stated_reason_and_the_valid_call_is_answered(
    stage: Stage, cast: Cast, attack: Attack
) -> None:
    thief = Thief(stage.wire, stage.audit, cast)

    before = thief.valid(attack)
    assert before.status == attack.family.answered, (before.body, stage.audit.about(before).events)
    played = thief.play(attack)
    assert thief.valid(attack).status == attack.family.answered

    observed = (played.exchange.status, played.exchange.error, played.evidence.rule)
    assert observed == (attack.expected.status, attack.expected.error, attack.expected.rule)
    assert attack.expected.also <= played.evidence.names()
    assert played.holds, (played.exchange, played.twin)
