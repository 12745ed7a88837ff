"""With its rule switched off, each attack turns red, and none of its family that states another rule.

Only servers that tests start can switch a rule off.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from operations.settings.environment import REPOSITORY
from tests.e2e.second_service import RULE_OFF_CONFIGURATION, SecondService, own_configuration
from tests.e2e.switchboard import NONE, Switchboard
from workshop.catalogue import ATTACKS, FAMILIES, Attack
from workshop.environment.deployment import Deployment
from workshop.loot import Cast
from workshop.story.stage import Stage
from workshop.thief import Thief

RULES = sorted({attack.expected.rule for attack in ATTACKS})
UNRELATED_RULE = "idempotency.key-missing"
SERVICES = ("authserver", "bank_api", "ca")

PROGRAMS = (
    "sender_constraint",
    "operations",
    "ca",
    "authserver",
    "bank_api",
    "partner_client",
    "workshop",
    "scripts",
)
FILES_OF_PROGRAMS = ("**/*.py", "*")


@pytest.fixture(scope="module")
def switchboard(tmp_path_factory: pytest.TempPathFactory) -> Switchboard:
    board = Switchboard(tmp_path_factory.mktemp("switchboard") / "rule")
    board.switch_off(NONE)
    return board


@pytest.fixture(scope="module")
def seconds(
    deployment: Deployment, switchboard: Switchboard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, SecondService]]:
    """A second instance of each service, with the switches; and a bank that is only told to have them."""
    logs = tmp_path_factory.mktemp("seconds")
    with ExitStack() as stack:
        running: dict[str, SecondService] = {}

        def start(name: str, service: str, configuration: Path) -> None:
            variables = {"TESTS_SERVICE": service, "TESTS_RULE_OFF": str(switchboard.file)}
            log = logs / f"{name}.log"
            running[name] = SecondService.start(deployment, service, configuration, variables, log)
            stack.callback(running[name].stop)

        for service in SERVICES:
            start(service, service, RULE_OFF_CONFIGURATION)
        start(NONE, "bank_api", own_configuration("bank_api"))
        for second in running.values():
            second.wait_until_healthy(deployment.trust_bundle)
        yield running


@pytest.fixture
def attacked(seconds: dict[str, SecondService], cast: Cast) -> Cast:
    """The same people, before the servers in which rules can be switched off."""
    targets = {"issuer": "authserver", "api": "bank_api", "ca": "ca"}
    origins = {target: seconds[service].origin for target, service in targets.items()}
    return cast.at(replace(cast.targets, **origins))


@pytest.fixture
def thief(stage: Stage, attacked: Cast, switchboard: Switchboard) -> Iterator[Thief]:
    """Plays before those servers; the partner's own code, in this process, has the switches too."""
    with switchboard.in_this_process():
        yield Thief(stage.wire, stage.audit, attacked)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.identifier)
def test_without_its_rule_an_attack_is_no_longer_refused_for_it(
    switchboard: Switchboard, thief: Thief, attack: Attack
) -> None:
    switchboard.switch_off(attack.expected.rule)

    assert not thief.play(attack).holds
    assert thief.valid(attack).status == attack.family.answered


@pytest.mark.parametrize("rule", [*RULES, UNRELATED_RULE])
def test_without_a_rule_no_other_row_of_its_families_turns_red(
    switchboard: Switchboard, thief: Thief, rule: str
) -> None:
    switchboard.switch_off(rule)
    concerned = {attack.family for attack in ATTACKS if attack.expected.rule == rule} or set(FAMILIES)
    others = [attack for attack in ATTACKS if attack.family in concerned and attack.expected.rule != rule]

    assert {attack.identifier for attack in others if not thief.play(attack).holds} == set()


def test_a_bank_with_its_own_configuration_cannot_be_told_to_switch_a_rule_off(
    switchboard: Switchboard, seconds: dict[str, SecondService], stage: Stage, attacked: Cast
) -> None:
    switchboard.switch_off("binding.certificate")
    before_own = attacked.at(replace(attacked.targets, api=seconds[NONE].origin))
    thief = Thief(stage.wire, stage.audit, before_own)
    stating = [attack for attack in ATTACKS if attack.expected.rule == "binding.certificate"]

    assert stating
    assert all(thief.play(attack).holds for attack in stating)


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
    assert knowing == ({"sender_constraint/core/rules.py"} if word == "enforcer_of(" else set())
