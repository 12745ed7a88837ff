"""The registry of rules: every reason for a refusal, declared once, next to the function that enforces it.

Audit events, explanations and the generated documentation read the registry. A declaration reads::

    AUDIENCE = rule("token.audience", "RFC 9068 §4", "The access token is for another resource.").explained(
        "a token for {expected}", "a token for {presented}", "Request a token for this resource."
    )
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sender_constraint.core.guidance import NO_GUIDANCE, Comparison, Guidance

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason for a refusal.

    identifier: lower-case and dotted, ``area.what``; unique.
    clause: the section that demands it, as ``RFC 8705 §3``.
    refuses: one sentence that says what is refused, for people.
    guidance: what to tell the developer of the refused caller.
    """

    identifier: str
    clause: str
    refuses: str
    guidance: Guidance = NO_GUIDANCE

    def explained(
        self, expected: str = "", presented: str = "", next_step: str = "", compare: Comparison | None = None
    ) -> "Rule":
        """Register the rule with its guidance, and return it. For the arguments, see ``Guidance``."""
        explained = replace(self, guidance=Guidance(expected, presented, next_step, compare))
        _rules[self.identifier] = explained
        return explained


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

    Raises ValueError if a rule has an enforcing function already: a rule is enforced in one place.
    """

    def record(function: Function) -> Function:
        for each in enforced:
            if each.identifier in _enforcers:
                raise ValueError(f"the rule {each.identifier!r} is enforced already")
            _enforcers[each.identifier] = function
        return function

    return record


def all_rules() -> Iterator[Rule]:
    """Every rule of the imported modules, in the order of their identifiers."""
    return iter(sorted(_rules.values(), key=lambda each: each.identifier))


def guidance_of(identifier: str) -> Guidance:
    """The guidance of a rule; empty if no imported module has the rule."""
    found = _rules.get(identifier)
    return found.guidance if found else NO_GUIDANCE


def enforcer_of(identifier: str) -> Callable[..., Any]:
    """The function that enforces a rule. Raises KeyError if there is none."""
    return _enforcers[identifier]
