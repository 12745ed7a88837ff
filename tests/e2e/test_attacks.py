"""Every attack of the catalogue against the running servers: refused, each for its own reason."""

from pathlib import Path

import pytest

from workshop.catalogue import ATTACKS, FAMILIES, Attack
from workshop.environment.deployment import Deployment
from workshop.loot import Cast
from workshop.narration import Narrator
from workshop.story import every_attack
from workshop.story.stage import Stage
from workshop.thief import Thief

FEWEST_ATTACKS = 60


def test_the_catalogue_is_as_long_as_it_is_said_to_be() -> None:
    assert len(ATTACKS) >= FEWEST_ATTACKS


def test_whoever_asks_for_all_attacks_sees_each_of_them_with_its_family(
    deployment: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage(deployment, Narrator(), tmp_path)

    every_attack.play(stage)

    assert stage.holds, [row for row in stage.rows if not row.holds]
    assert len(stage.rows) == len(ATTACKS) + len(FAMILIES)
    assert "the valid call: 201" in capsys.readouterr().out


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
