import pytest

import sender_constraint.resource_server.binding
import sender_constraint.resource_server.presentation  # noqa: F401  # imported so that its rules are registered
from sender_constraint.core.rules import Rule, all_rules, enforcer_of, enforces, rule

AREAS = ("certificate.", "confirmation.", "token.", "binding.", "presentation.")
RULES = [each for each in all_rules() if each.identifier.startswith(AREAS)]


@pytest.mark.parametrize("each", RULES, ids=lambda each: each.identifier)
def test_each_rule_has_one_function_that_enforces_it_found_in_its_module(each: Rule) -> None:
    function = enforcer_of(each.identifier)
    module = __import__(function.__module__, fromlist=["_"])
    assert getattr(module, function.__name__) is function
    assert each.clause.startswith("RFC ")
    assert each.refuses.endswith(".")


def test_no_rule_is_registered_twice_nor_enforced_in_two_places() -> None:
    taken = RULES[0]
    with pytest.raises(ValueError, match="registered already"):
        rule(taken.identifier, taken.clause, taken.refuses)
    with pytest.raises(ValueError, match="enforced already"):
        enforces(taken)(lambda: None)
