"""What an attack of the catalogue is: a valid call, what is changed in it, and what must come of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from workshop.calls import Attempt
from workshop.loot import Cast, Loot

# Most take a Call and give back another one. Where a family's valid attempt is of a kind of its own, its
# changes know which.
Change = Callable[[Any, Loot], Attempt | Sequence[Attempt]]


@dataclass(frozen=True)
class Family:
    """Attacks that differ from the same valid call, each in one thing.

    valid: the honest one's. answered: the status of its answer.
    """

    identifier: str
    title: str
    valid: Callable[[Cast], Attempt]
    answered: int = 200


@dataclass(frozen=True)
class Expected:
    """What must come of an attack.

    status: HTTP status; None where TLS itself ends the connection.
    error: the code in the answer, or TLS's alert; None where the answer has none.
    rule: the identifier of the rule that the audit trail must name.
    also: audit events that must stand beside the refusal.
    """

    status: int | None
    error: str | None
    rule: str
    also: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Attack:
    """One attempt, or several of a kind: the valid call, with one thing changed.

    identifier: stable, for reports and tests.
    title: what is done, for people.
    change: makes the attempt out of the valid one; of several, each must be refused as expected.
    label: as the story counts it, ``4a``; empty where it is not told there.
    twin: the same about what does not exist. Its answer must be the same, so that nobody learns what does.
    insider: whether it takes an authority's key, or a look at what a party keeps: on this machine only.
    """

    family: Family
    identifier: str
    title: str
    change: Change
    expected: Expected
    label: str = ""
    twin: Change | None = None
    insider: bool = False
