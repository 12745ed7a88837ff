"""The registry of rules: every reason for which something is refused, written once.

A rule stands beside the function that enforces it. Audit events, explanations and the generated
documentation read the registry; none of them types a rule again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to refuse.

    identifier: lower-case and dotted, ``area.what``; unique.
    clause: the section that demands it, as ``RFC 8705 §3``.
    refuses: one sentence that says what is refused, for people.
    """

    identifier: str
    clause: str
    refuses: str


_rules: dict[str, Rule] = {}
_enforcers: dict[str, Callable[..., Any]] = {}


def rule(identifier: str, clause: str, refuses: str) -> Rule:
    """Register a rule and return it. Raises ValueError if the identifier is taken."""
    if identifier in _rules:
        raise ValueError(f"the rule {identifier!r} is registered already")
    _rules[identifier] = Rule(identifier, clause, refuses)
    return _rules[identifier]


def enforces(*enforced: Rule) -> Callable[[Function], Function]:
    """Record the decorated function as the one that enforces these rules; the function stays as it is.

    Raises ValueError where a rule has an enforcing function already: a rule is enforced in one place.
    """

    def record(function: Function) -> Function:
        for each in enforced:
            if each.identifier in _enforcers:
                raise ValueError(f"the rule {each.identifier!r} is enforced already")
            _enforcers[each.identifier] = function
        return function

    return record


def all_rules() -> Iterator[Rule]:
    """Every rule that the imported modules registered, in the order of their identifiers."""
    return iter(sorted(_rules.values(), key=lambda each: each.identifier))


def enforcer_of(identifier: str) -> Callable[..., Any]:
    """The function that enforces a rule. Raises KeyError if there is none."""
    return _enforcers[identifier]
