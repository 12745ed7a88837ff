"""What is compared in one kind of refusal, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one kind of explanation adds to the words of the rule; None leaves those as they are.

    findings: sentences. Texts of the caller's are in them only as ``shown.shown`` returned them.
    """

    expected: str | None = None
    presented: str | None = None
    findings: tuple[str, ...] = ()
    next_step: str | None = None


# None where the event lacks what this kind of comparison needs.
Compare = Callable[[Event], Comparison | None]


def detail_of(event: Event) -> Mapping[str, Any]:
    """The private detail of a refusal; empty where the event has none, or one of another shape."""
    detail = event.get("detail")
    return detail if isinstance(detail, Mapping) else {}


def texts_in(value: object) -> list[str]:
    """One text, or those of a list; empty for anything else."""
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list | tuple) else []
