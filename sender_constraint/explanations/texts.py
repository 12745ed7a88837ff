"""Where two texts differ that should be the same, and how similar they are."""

import difflib
import unicodedata

from sender_constraint.explanations.shown import quoted

LONGEST_COMPARED = 2000


def difference(expected: str, presented: str) -> str | None:
    """Where two texts differ, as the end of a sentence: ``only in letter case``. None if they are equal."""
    if expected == presented:
        return None
    if _without_spaces(expected) == _without_spaces(presented):
        return f"only in spaces: expected {quoted(expected)}, presented {quoted(presented)}"
    if _normal(expected) == _normal(presented):
        return "only in Unicode normalization (a composed letter, or a letter and a combining accent)"
    if expected.casefold() == presented.casefold():
        return "only in letter case"
    for end, called in (("/", "a slash"), (".", "a dot")):
        if expected.rstrip(end) == presented.rstrip(end):
            which = "missing" if len(presented) < len(expected) else "unexpected"
            return f"only in {called} at the end, which is {which}"
    return _first_character(expected, presented)


def likeness(expected: str, presented: str) -> float:
    """From 0, nothing in common, to 1, equal except for letter case."""
    wanted, found = (each[:LONGEST_COMPARED].casefold() for each in (expected, presented))
    return difflib.SequenceMatcher(None, wanted, found, autojunk=False).ratio()


def _first_character(expected: str, presented: str) -> str:
    same = next(
        (place for place, pair in enumerate(zip(expected, presented, strict=False)) if pair[0] != pair[1]),
        min(len(expected), len(presented)),
    )
    if same == len(presented):
        return f"from character {same + 1} on: {quoted(expected[same:])} is missing"
    if same == len(expected):
        return f"from character {same + 1} on: {quoted(presented[same:])} is unexpected"
    wanted, found = expected[same], presented[same]
    return f"first at character {same + 1}: expected {_character(wanted)}, presented {_character(found)}"


def _character(character: str) -> str:
    """The character, with its name if it is not ASCII: letters of other alphabets look alike."""
    name = f" (U+{ord(character):04X}, {unicodedata.name(character, 'unnamed')})"
    return quoted(character) + ("" if character.isascii() else name)


def _without_spaces(text: str) -> str:
    return "".join(text.split())


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)
