"""What is said of one rule, or of an area of rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sender_constraint.explanations.shown import shown


@dataclass(frozen=True, slots=True)
class Wording:
    """Words about a rule.

    expected, presented: with ``{name}`` for values of the refusal's detail, and for the request's method and
        path; empty where the detail's own are all that can be said.
    next_step: for the developer of the refused caller; None where only the service's operator can help.
    """

    expected: str = ""
    presented: str = ""
    next_step: str | None = None


def filled(template: str, values: Mapping[str, Any]) -> str | None:
    """A template with these values, each of them shown; None if it is empty or one is missing."""
    texts = {name: shown(value) for name, value in values.items()}
    try:
        return template.format_map(texts) or None
    except (KeyError, IndexError, AttributeError):
        return None
