"""Switches one rule of a running server off. Only a server that a test starts can be told to."""

import functools
import sys
from collections.abc import Callable
from typing import Any

from sender_constraint.errors import Refusal
from sender_constraint.rules import enforcer_of

OUR_PACKAGES = ("sender_constraint", "authserver", "bank_api", "ca")


def switch_off(identifier: str) -> int:
    """Make the function that enforces a rule swallow the refusals of that rule.

    Replaces it in every module that imported it by name; returns in how many.
    """
    enforcing = enforcer_of(identifier)
    replacement = _without(identifier, enforcing)
    replaced = 0
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in OUR_PACKAGES:
            for attribute, value in list(vars(module).items()):
                if value is enforcing:
                    setattr(module, attribute, replacement)
                    replaced += 1
    return replaced


def _without(identifier: str, enforcing: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(enforcing)
    def lenient(*arguments: Any, **keywords: Any) -> Any:
        try:
            return enforcing(*arguments, **keywords)
        except Refusal as refusal:
            if refusal.rule.identifier != identifier:
                raise
            return None

    return lenient
