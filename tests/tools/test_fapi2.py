"""The table behind docs/fapi2.md is whole, and what it names is there."""

from dataclasses import replace

import pytest

from tools.rules.fapi2 import (
    ALWAYS,
    NOT_HERE,
    REQUIREMENTS,
    Requirement,
    is_there,
    problems,
)

RULES = frozenset(rule for each in REQUIREMENTS for rule in each.rules)
TESTS = frozenset(test for each in REQUIREMENTS for test in each.tests)
FUNCTIONS = frozenset(path for each in REQUIREMENTS for path in each.functions)
HELD = next(each for each in REQUIREMENTS if each.holds == ALWAYS and each.rules)
LEFT_OUT = next(each for each in REQUIREMENTS if each.holds == NOT_HERE)


def said_of(*changed: Requirement) -> list[str]:
    """What is wrong once these take the places of the rows with their clauses."""
    by_clause = {each.clause: each for each in changed}
    rows = [by_clause.get(each.clause, each) for each in REQUIREMENTS]
    return list(problems(rows, RULES, TESTS, FUNCTIONS.__contains__))


def test_nothing_is_wrong_with_the_table_itself() -> None:
    assert said_of() == []


def test_a_demand_without_a_row_is_named() -> None:
    rows = [each for each in REQUIREMENTS if each.clause != "§5.3.4, 2"]
    assert list(problems(rows, RULES, TESTS, FUNCTIONS.__contains__)) == [
        "FAPI 2.0 §5.3.4: 5 demands, 4 rows"
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (replace(HELD, rules=(), functions=()), "nothing enforces it"),
        (replace(HELD, tests=()), "no test"),
        (replace(HELD, rules=("token.unheard-of",)), "no rule token.unheard-of"),
        (replace(HELD, tests=("test_nothing",)), "no test test_nothing"),
        (replace(HELD, functions=("authserver.nowhere:nothing",)), "no function authserver.nowhere:nothing"),
        (replace(LEFT_OUT, note=""), "no reason"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_row_without_evidence_is_named(changed: Requirement, said: str) -> None:
    assert said_of(changed) == [f"FAPI 2.0 {changed.clause}: {said}"]


def test_functions_and_methods_are_found() -> None:
    assert is_there("tools.rules.fapi2:problems")
    assert is_there("tools.rules.fapi2:Requirement.section.fget")
    assert not is_there("tools.rules.fapi2:Requirement.unheard_of")
    assert not is_there("tools.rules.fapi2:ALWAYS")
