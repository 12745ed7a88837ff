"""With a rule switched off, its rows turn red and no others: the catalogue would notice.

Only servers that tests start can switch a rule off.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from sender_constraint.server.environment import REPOSITORY
from tests.e2e.second_bank import OWN_CONFIGURATION, RULE_OFF_CONFIGURATION, SecondBank
from workshop.catalogue import ATTACKS
from workshop.changes import Call, Loot
from workshop.environment.deployment import Deployment
from workshop.story.act_4_thief import the_theft
from workshop.story.partner import current_partner
from workshop.story.stage import Stage
from workshop.thief import Thief

RULES = sorted({attack.expected.rule for attack in ATTACKS})
UNRELATED_RULE = "token.issuer"
NONE = "none"

PROGRAMS = ("sender_constraint", "ca", "authserver", "bank_api", "partner_client", "workshop", "scripts")
FILES_OF_PROGRAMS = ("**/*.py", "*")

Banks = dict[str, SecondBank]


@pytest.fixture(scope="module")
def banks(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Banks]:
    """A bank without each rule; and one that is only told to leave rules out, in its own configuration."""
    logs = tmp_path_factory.mktemp("banks")
    with ExitStack() as stack:
        running: Banks = {}

        def start(name: str, configuration: Path, rule: str) -> None:
            variables = {"TESTS_RULE_OFF": rule}
            running[name] = SecondBank.start(deployment, configuration, variables, logs / f"{name}.log")
            stack.callback(running[name].stop)

        for rule in (*RULES, UNRELATED_RULE):
            start(rule, RULE_OFF_CONFIGURATION, rule)
        start(NONE, OWN_CONFIGURATION, "binding.certificate")
        yield running


@pytest.fixture(scope="module")
def theft(banks: Banks, stage: Stage) -> tuple[Call, Loot]:  # noqa: ARG001 - they start while a token expires
    return the_theft(stage, current_partner(stage.deployment))


def rows_that_turn_red(bank: SecondBank, stage: Stage, theft: tuple[Call, Loot]) -> set[str]:
    """The attacks that this bank does not refuse as the catalogue states; the valid call is answered."""
    bank.wait_until_healthy(stage.deployment.trust_bundle)
    valid = replace(theft[0], url=f"{bank.origin}/accounts")
    thief = Thief(stage.wire, stage.audit, valid, theft[1])
    assert valid.send(stage.wire).status == 200
    return {attack.identifier for attack in ATTACKS if not thief.play(attack).holds}


@pytest.mark.parametrize("rule", RULES)
def test_without_a_rule_the_rows_that_state_it_turn_red_and_no_others(
    banks: Banks, stage: Stage, theft: tuple[Call, Loot], rule: str
) -> None:
    states_it = {attack.identifier for attack in ATTACKS if attack.expected.rule == rule}

    assert rows_that_turn_red(banks[rule], stage, theft) == states_it


def test_without_a_rule_that_no_attack_states_no_row_turns_red(
    banks: Banks, stage: Stage, theft: tuple[Call, Loot]
) -> None:
    assert rows_that_turn_red(banks[UNRELATED_RULE], stage, theft) == set()


def test_a_bank_with_its_own_configuration_cannot_be_told_to_switch_a_rule_off(
    banks: Banks, stage: Stage, theft: tuple[Call, Loot]
) -> None:
    assert rows_that_turn_red(banks[NONE], stage, theft) == set()


@pytest.mark.parametrize("word", ["TESTS_RULE_OFF", "switchboard", "switch_off", "tests.e2e", "enforcer_of("])
def test_no_program_knows_how_to_switch_a_rule_off(word: str) -> None:
    knowing = {
        str(file.relative_to(REPOSITORY))
        for program in PROGRAMS
        for pattern in FILES_OF_PROGRAMS
        for file in (REPOSITORY / program).glob(pattern)
        if file.is_file() and word in file.read_text()
    }

    # The registry itself offers a way to look an enforcing function up, and none to replace it.
    assert knowing == ({"sender_constraint/rules.py"} if word == "enforcer_of(" else set())
