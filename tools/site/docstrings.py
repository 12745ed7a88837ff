"""A Sphinx extension: lines of the form ``name: what it is`` in docstrings become a list of parameters.

::

    root: where everything is kept; a line that continues
        is indented.
    fresh: throw away what an earlier run kept there.
"""

import re
from typing import Any

from sphinx.application import Sphinx

_PARAMETER = re.compile(r"([a-z_]\w*(?:, [a-z_]\w*)*): (\S.*)")


def list_parameters(lines: list[str]) -> list[str]:
    """The lines of a docstring as reStructuredText. Inside a literal block, lines stay as they are."""
    result: list[str] = []
    in_list = False
    literal = False
    for line in lines:
        literal = (literal or _begins_literal(result)) and (not line or line.startswith(" "))
        after_sentence = not result or not result[-1] or result[-1].endswith((".", "::"))
        found = None if literal else _PARAMETER.fullmatch(line)
        if found and (in_list or after_sentence):
            if result and result[-1] and not in_list:
                result.append("")
            names = ", ".join(f"``{name}``" for name in found[1].split(", "))
            result.extend([names, f"    {found[2]}"])
            in_list = True
            continue
        if in_list and line and not line.startswith(" "):
            if result[-1]:
                result.append("")
            in_list = False
        result.append(line)
    return result


def _begins_literal(before: list[str]) -> bool:
    return len(before) > 1 and not before[-1] and before[-2].endswith("::")


def _process(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:  # noqa: ARG001 - Sphinx's signature
    lines[:] = list_parameters(lines)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
