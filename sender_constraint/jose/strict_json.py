"""JSON that has one reading only: what two parsers could read in two ways is refused.

RFC 8259, The JavaScript Object Notation (JSON) Data Interchange Format
(https://www.rfc-editor.org/rfc/rfc8259), narrowed: no name twice in an object (§4; RFC 7515 §4 and
RFC 7519 §4 leave refusing it to the reader), no NaN or infinity (§6), no half of a surrogate pair (§8.2),
and nesting only as deep as the caller says.
"""

import json
import math
import re
from typing import Any, NoReturn

# A string that never ends is taken to the end of the text: looking for its end from each quotation mark
# within it would take quadratic time.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{\]}]', re.DOTALL)


def parse_object(octets: bytes, *, maximum_depth: int = 8) -> dict[str, Any]:
    """The members of a JSON object in UTF-8. Raises ValueError; its text holds nothing of the input."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    _check_depth(text, maximum_depth)
    value = _parse(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _parse(text: str) -> Any:
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except json.JSONDecodeError as problem:
        raise ValueError(f"not JSON: {problem.msg}") from None
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair") from None
    return value


def _check_depth(text: str, maximum: int) -> None:
    """Counted before parsing: a parser that recurses ends at a limit that is not ours."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match[0] in "[{":
            depth += 1
        elif match[0] in "]}":
            depth -= 1
        if depth > maximum:
            raise ValueError("nested too deeply")


def _without_duplicates(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise ValueError("a name stands twice in an object")
    return value


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN or infinity")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number
