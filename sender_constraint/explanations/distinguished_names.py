"""Distinguished names that differ: the first relative name that differs, and how.

RFC 8705 §2.1.2 (https://www.rfc-editor.org/rfc/rfc8705), RFC 4514 (https://www.rfc-editor.org/rfc/rfc4514).
Positions are those of the certificate's encoding; RFC 4514 writes the last one first.
"""

from itertools import zip_longest

from sender_constraint.core.attribute_types import short_name_of
from sender_constraint.core.names import Attribute, DistinguishedName, parse_distinguished_name
from sender_constraint.explanations.comparisons import Compared, Event, detail_of
from sender_constraint.explanations.shown import shown
from sender_constraint.explanations.texts import difference

RelativeName = frozenset[Attribute]


def compare_names(event: Event) -> Compared | None:
    """Where ``expected`` and ``presented`` are names as RFC 4514 strings."""
    detail = detail_of(event)
    expected, presented = detail.get("expected"), detail.get("presented")
    if not isinstance(expected, str) or not isinstance(presented, str):
        return None
    try:
        findings = tuple(differences(parse_distinguished_name(expected), parse_distinguished_name(presented)))
    except ValueError:
        # Not a name in text form: a certificate's subject may be empty, or hold a value that has none.
        empty = "The certificate's subject is empty." if not presented else ""
        findings = tuple(filter(None, (empty, shown(detail.get("difference") or ""))))
    return Compared(f"the name {shown(expected)}", f"the name {shown(presented)}", findings)


def differences(expected: DistinguishedName, presented: DistinguishedName) -> list[str]:
    """Sentences: where two names differ first, and how; empty if they are equal."""
    wanted, found = expected.relative_names, presented.relative_names
    if wanted == found:
        return []
    if sorted(map(_written, wanted)) == sorted(map(_written, found)):
        return [_order(wanted, found)]
    if _attributes(wanted) == _attributes(found):
        return [
            "The attributes are the same, grouped differently: those joined with + form one relative name."
        ]
    place = next(n for n, pair in enumerate(zip_longest(wanted, found)) if pair[0] != pair[1])
    if found == (*wanted[:place], *found[place : place + 1], *wanted[place:]):
        return [f"{_place(place, found)} is unexpected: {_written(found[place])}. All others match."]
    if wanted == (*found[:place], *wanted[place : place + 1], *found[place:]):
        return [f"{_place(place, wanted)} is missing: {_written(wanted[place])}. All others match."]
    first = f"The first difference is in {_place(place, wanted if place < len(wanted) else found)}"
    pair = [_written(names[place]) if place < len(names) else "none" for names in (wanted, found)]
    sentences = [f"{first}: expected {pair[0]}, presented {pair[1]}."]
    if place < min(len(wanted), len(found)):
        sentences += _how(wanted[place], found[place])
    return sentences


def _how(wanted: RelativeName, found: RelativeName) -> list[str]:
    """How two relative names differ, where each is one attribute."""
    if len(wanted) != 1 or len(found) != 1:
        return []
    (expected,), (presented,) = wanted, found
    if expected.oid != presented.oid:
        types = [f"{short_name_of(each.oid)} ({each.oid})" for each in (expected, presented)]
        return [f"The types differ: expected {types[0]}, presented {types[1]}."]
    if isinstance(expected.value, bytes) or isinstance(presented.value, bytes):
        return ["One of the two values is a bit string, not text."]
    how = difference(expected.value, presented.value)
    return [f"The values differ {how}; the comparison is exact."]


def _order(wanted: tuple[RelativeName, ...], found: tuple[RelativeName, ...]) -> str:
    if wanted == tuple(reversed(found)):
        return (
            "The order is reversed: RFC 4514 writes the last relative name of a certificate first, and many "
            "tools (openssl x509 -subject) write it last."
        )
    place = next(n for n, pair in enumerate(zip(wanted, found, strict=True)) if pair[0] != pair[1])
    return (
        f"The relative names are the same, in a different order: {_place(place, wanted)}, "
        f"expected {_written(wanted[place])}, presented {_written(found[place])}."
    )


def _place(place: int, names: tuple[RelativeName, ...]) -> str:
    return f"relative name {place + 1} of {len(names)} ({_as_written(len(names) - place)} in RFC 4514 order)"


def _as_written(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"number {number}")


def _written(relative_name: RelativeName) -> str:
    return shown("+".join(sorted(map(str, relative_name))))


def _attributes(names: tuple[RelativeName, ...]) -> list[str]:
    return sorted(str(attribute) for each in names for attribute in each)
