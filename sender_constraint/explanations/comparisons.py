"""What was expected against what was presented: what all comparisons share, and those of texts and lists."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from sender_constraint.explanations.shown import quoted, shown
from sender_constraint.explanations.texts import difference, likeness

Event = Mapping[str, Any]

# Below this, two texts have so little in common that the place where they differ is of no help.
ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison adds to the guidance of the rule; None leaves the guidance as it is.

    findings: sentences. Texts of the caller are in them only as ``shown.shown`` returned them.
    """

    expected: str | None = None
    presented: str | None = None
    findings: tuple[str, ...] = ()
    next_step: str | None = None


# None if the event lacks what the comparison needs.
Compare = Callable[[Event], Compared | None]


def detail_of(event: Event) -> Mapping[str, Any]:
    """The private detail of a refusal; empty if the event has none, or one of another type."""
    detail = event.get("detail")
    return detail if isinstance(detail, Mapping) else {}


def compare_texts(event: Event) -> Compared | None:
    """Where ``expected`` and ``presented`` are a text or a list of texts, of which two should be the same."""
    return _nearest(*_both(event, _texts))


def compare_addresses(event: Event) -> Compared | None:
    """The same for IP addresses, in one spelling each, so that only bytes that differ are reported."""
    expected, presented = ([_canonical(each) for each in texts] for texts in _both(event, _texts))
    for wanted, found in product(expected, presented):
        if f"::ffff:{wanted}" == found or f"::ffff:{found}" == wanted:
            finding = f"{shown(found)} is {shown(wanted)} as an address of another IP version."
            return Compared(findings=(finding,))
    return _nearest(expected, presented)


def compare_members(event: Event) -> Compared | None:
    """Where ``expected`` and ``presented`` should have the same members, in any order."""
    return _members(event, missing=True, added=True)


def compare_required(event: Event) -> Compared | None:
    """Where ``presented`` should have all members of ``expected``, and may have more."""
    return _members(event, missing=True)


def compare_allowed(event: Event) -> Compared | None:
    """Where ``presented`` should have only members of ``expected``, and may lack some."""
    return _members(event, added=True)


def _members(event: Event, *, missing: bool = False, added: bool = False) -> Compared | None:
    expected, presented = _both(event, _words)
    lacking = [each for each in expected if each not in presented] if missing else []
    surplus = [each for each in presented if each not in expected] if added else []
    findings = [f"Missing: {shown(lacking)}."] if lacking else []
    findings += [f"Not among the expected: {shown(surplus)}."] if surplus else []
    return Compared(findings=tuple(findings)) if findings else None


def _nearest(expected: list[str], presented: list[str]) -> Compared | None:
    pairs = list(product(expected, presented))
    if not pairs:
        return None
    wanted, found = max(pairs, key=lambda pair: likeness(*pair))
    how = difference(wanted, found)
    if how is None:
        return None
    if likeness(wanted, found) < ALIKE:
        return Compared(findings=(f"None of the {len(presented)} is similar.",)) if len(pairs) > 1 else None
    subject = f"The nearest, {quoted(found)}, differs" if len(presented) > 1 else "They differ"
    wanted_one = f" from {quoted(wanted)}" if len(expected) > 1 else ""
    return Compared(findings=(f"{subject}{wanted_one} {how}.",))


def _both(event: Event, read: Callable[[object], list[str]]) -> tuple[list[str], list[str]]:
    detail = detail_of(event)
    return read(detail.get("expected")), read(detail.get("presented"))


def _texts(value: object) -> list[str]:
    """One text, or those of a list; empty for anything else."""
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list | tuple) else []


def _words(value: object) -> list[str]:
    """The texts of a list, or the words of one text."""
    return value.split() if isinstance(value, str) else _texts(value)


def _canonical(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    mapped = getattr(address, "ipv4_mapped", None)
    return f"::ffff:{mapped}" if mapped else str(address)
