"""Switches rules off, one at a time, in a process that runs. Only one that a test starts can be told to.

Each function that enforces a rule is replaced by one that looks, whenever it refuses, whether its rule is
switched off: a file names the rule, and whoever plays attacks writes another name into it.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any

from sender_constraint.core.errors import Refusal
from sender_constraint.core.rules import all_rules, enforcer_of

OUR_PACKAGES = ("sender_constraint", "operations", "authserver", "bank_api", "ca")
NONE = "none"


class Switchboard:
    """The switches of all rules, which a file sets. file: holds the identifier of the rule that is off."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def switch_off(self, identifier: str) -> None:
        """Switch this rule off, and the one that was off on again; NONE leaves all on."""
        new = self.file.with_suffix(".new")
        new.write_text(identifier)
        new.replace(self.file)

    def off(self) -> str:
        """The identifier of the rule that is switched off."""
        return self.file.read_text()

    def put_switches(self) -> int:
        """Put a switch before every enforcing function, in every module that imported it by name.

        Returns how many functions were replaced.
        """
        lenient = {enforcing: self._lenient(enforcing) for enforcing in _enforcing_functions()}
        return _replace(lenient)

    @contextmanager
    def in_this_process(self) -> Iterator[None]:
        """The same in the process of the test, for what the partner's own side refuses; and back again."""
        lenient = {enforcing: self._lenient(enforcing) for enforcing in _enforcing_functions()}
        _replace(lenient)
        try:
            yield
        finally:
            _replace({replacement: enforcing for enforcing, replacement in lenient.items()})

    def _lenient(self, enforcing: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(enforcing)
        def lenient(*arguments: Any, **keywords: Any) -> Any:
            try:
                return enforcing(*arguments, **keywords)
            except Refusal as refusal:
                if refusal.rule.identifier != self.off():
                    raise
                return None

        return lenient


def _enforcing_functions() -> set[Callable[..., Any]]:
    found = set()
    for rule in all_rules():
        try:
            found.add(enforcer_of(rule.identifier))
        except KeyError:
            # It is kept, not enforced: another function raises it again.
            continue
    return found


def _replace(replacements: dict[Callable[..., Any], Callable[..., Any]]) -> int:
    replaced = 0
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in OUR_PACKAGES:
            for attribute, value in list(vars(module).items()):
                # By its type alone: Django's lazy settings, asked for theirs, would want to be there.
                if type(value) is FunctionType and value in replacements:
                    setattr(module, attribute, replacements[value])
                    replaced += 1
    return replaced
