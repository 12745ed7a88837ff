"""Every attack of the catalogue against the running servers: refused, each for its own reason."""

import pytest

from workshop.catalogue import ATTACKS, Attack
from workshop.changes import Call, Loot
from workshop.story.act_4_thief import the_theft
from workshop.story.partner import current_partner
from workshop.story.stage import Stage
from workshop.thief import Thief


@pytest.fixture(scope="module")
def theft(stage: Stage) -> tuple[Call, Loot]:
    return the_theft(stage, current_partner(stage.deployment))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.identifier)
def test_an_attack_is_refused_for_its_stated_reason_and_the_valid_call_is_answered(
    stage: Stage, theft: tuple[Call, Loot], attack: Attack
) -> None:
    valid, loot = theft

    assert valid.send(stage.wire).status == 200
    played = Thief(stage.wire, stage.audit, valid, loot).play(attack)
    assert valid.send(stage.wire).status == 200

    observed = (played.exchange.status, played.exchange.error, played.evidence.rule)
    assert observed == (attack.expected.status, attack.expected.error, attack.expected.rule)
    assert attack.expected.also <= played.evidence.names()
    assert played.holds
