"""The rules of all services in one process: every module that registers one is imported."""

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

from sender_constraint.core.rules import Rule, all_rules, enforcer_of

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("sender_constraint", "operations", "ca", "authserver", "bank_api", "partner_client")
REGISTRY_IMPORT = "from sender_constraint.core.rules import"


def rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the identifiers. Django must be set up."""
    for module in _modules():
        importlib.import_module(module)
    return tuple(all_rules())


def enforced_by(rule: Rule) -> tuple[str, str] | None:
    """The file (from the root) and the name of the function that enforces a rule, if any does."""
    try:
        function = inspect.unwrap(enforcer_of(rule.identifier))
    except KeyError:
        return None
    file = Path(inspect.getfile(function)).resolve().relative_to(REPOSITORY)
    return str(file), function.__qualname__


def _modules() -> Iterator[str]:
    for package in PACKAGES:
        for file in sorted((REPOSITORY / package).rglob("*.py")):
            if REGISTRY_IMPORT in file.read_text():
                yield ".".join(file.relative_to(REPOSITORY).with_suffix("").parts)
