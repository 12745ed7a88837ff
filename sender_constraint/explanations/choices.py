"""One text that should be among several: the nearest of them, and how it differs."""

import ipaddress
from itertools import product

from sender_constraint.explanations.comparisons import Comparison, Event, detail_of, texts_in
from sender_constraint.explanations.shown import quoted, shown
from sender_constraint.explanations.texts import difference, likeness

# Below, two texts have so little in common that the place where they part says nothing.
ALIKE = 0.6


def compare_choice(event: Event) -> Comparison | None:
    """Where ``expected`` and ``presented`` are a text or a list of texts, of which two should be the same."""
    expected, presented = (texts_in(detail_of(event).get(name)) for name in ("expected", "presented"))
    pairs = list(product(expected, presented))
    if not pairs:
        return None
    wanted, found = max(pairs, key=lambda pair: likeness(*pair))
    how = difference(wanted, found)
    if how is None:
        return None
    if likeness(wanted, found) < ALIKE:
        return Comparison(findings=(f"Of {len(presented)}, none is near to it.",)) if len(pairs) > 1 else None
    subject = f"The nearest, {quoted(found)}, differs" if len(presented) > 1 else "They differ"
    beside = f" from {quoted(wanted)}" if len(expected) > 1 else ""
    return Comparison(findings=(f"{subject}{beside} {how}.",))


def compare_sets(event: Event) -> Comparison | None:
    """Where ``expected`` and ``presented`` are lists that should have the same members, in any order."""
    expected, presented = (texts_in(detail_of(event).get(name)) for name in ("expected", "presented"))
    missing = [each for each in expected if each not in presented]
    surplus = [each for each in presented if each not in expected]
    told = [f"Missing: {shown(missing)}."] if missing else []
    told += [f"Too much: {shown(surplus)}."] if surplus else []
    return Comparison(findings=tuple(told)) if told else None


def compare_addresses(event: Event) -> Comparison | None:
    """``client.san-ip``: addresses in one spelling each, so that only octets that differ are told."""
    detail = detail_of(event)
    expected, presented = (
        [_one_spelling(each) for each in texts_in(detail.get(name))] for name in ("expected", "presented")
    )
    for wanted, found in product(expected, presented):
        if f"::ffff:{wanted}" == found or f"::ffff:{found}" == wanted:
            told = f"{shown(found)} is {shown(wanted)} in the other kind of address, and the kind counts."
            return Comparison(findings=(told,))
    return compare_choice({"detail": {"expected": expected, "presented": presented}})


def _one_spelling(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    mapped = getattr(address, "ipv4_mapped", None)
    return f"::ffff:{mapped}" if mapped else str(address)
