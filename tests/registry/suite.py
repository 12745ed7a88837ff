"""What the tests' sources say: which clauses each test holds us to, and which rules it tries to break.

A test tries to break the rules that it names: by identifier or by constant, itself, in its parameters, or in
what it uses of its own module and of other modules of the tests. Clauses are those of
``@pytest.mark.clause``, on the test or on its module. Nothing is typed for this purpose, so that nothing can
be out of date.
"""

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

from sender_constraint.core.rules import Rule
from tests.registry.program import PACKAGES

TESTS = "tests"
TEST_FILES = "**/test_*.py"
CLAUSE = "clause"
PYTEST_MARKS = "pytestmark"


@dataclass(frozen=True, order=True)
class Attempt:
    """A test function, and what it tries. file: from the repository's root. rules: identifiers."""

    file: str
    name: str
    rules: frozenset[str]
    clauses: frozenset[str]


class Suite:
    """The sources of all tests. identifiers: of all rules."""

    def __init__(self, root: Path, identifiers: frozenset[str]) -> None:
        self.identifiers = identifiers
        self._root = root
        self._sources: dict[str, Source | None] = {}

    def tests(self) -> Iterator[Attempt]:
        """Every test, file by file."""
        for path in sorted((self._root / TESTS).glob(TEST_FILES)):
            file = path.relative_to(self._root)
            if source := self.source(".".join(file.with_suffix("").parts)):
                for function in source.test_functions():
                    yield Attempt(
                        str(file),
                        function.name,
                        frozenset(source.rules_named_by(function)),
                        frozenset(source.clauses_of(function)),
                    )

    def source(self, module: str) -> "Source | None":
        """The source of a module of the tests, by its dotted name; None if it is not a module."""
        if module not in self._sources:
            file = self._root.joinpath(*module.split(".")).with_suffix(".py")
            self._sources[module] = Source(file, self) if file.exists() else None
        return self._sources[module]


class Source:
    """The syntax tree of one module of the tests."""

    def __init__(self, file: Path, suite: Suite) -> None:
        self._tree = ast.parse(file.read_text())
        self._suite = suite
        self._named: dict[str, set[str]] = {}

    def test_functions(self) -> Iterator[ast.FunctionDef]:
        """The functions that pytest collects."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node

    def rules_named_by(self, node: ast.AST) -> set[str]:
        """The identifiers of the rules that a part of this module names, directly or through what it uses."""
        rules: set[str] = set()
        for part in ast.walk(node):
            match part:
                case ast.Constant(value=str() as text) if text in self._suite.identifiers:
                    rules.add(text)
                case ast.Name(id=name):
                    rules |= self.rules_behind(name)
                case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                    rules |= _rules_in(self._imported.get(name), attribute)
                case _:
                    pass
        return rules

    def rules_behind(self, name: str) -> set[str]:
        """The same for a name of this module: a definition of its own, or an import."""
        if name not in self._named:
            self._named[name] = set()  # what refers to itself ends here
            if name in self._definitions:
                self._named[name] = set().union(*map(self.rules_named_by, self._definitions[name]))
            elif isinstance(rule := self._imported.get(name), Rule):
                self._named[name] = {rule.identifier}
            elif isinstance(elsewhere := self._imported.get(name), _Elsewhere):
                self._named[name] = elsewhere.source.rules_behind(elsewhere.name)
        return self._named[name]

    def clauses_of(self, function: ast.FunctionDef) -> Iterator[str]:
        """The clauses with which a test, or its module, is marked."""
        for node in (*function.decorator_list, *self._definitions.get(PYTEST_MARKS, ())):
            for part in ast.walk(node):
                if isinstance(part, ast.Call) and getattr(part.func, "attr", "") == CLAUSE:
                    yield from map(self._text, part.args)

    def _text(self, node: ast.AST) -> str:
        match node:
            case ast.Constant(value=str() as text):
                return text
            case ast.JoinedStr(values=values):
                return "".join(map(self._text, values))
            case ast.FormattedValue(value=value) | ast.Assign(value=value):
                return self._text(value)
            case ast.Name(id=name) if name in self._definitions:
                return self._text(self._definitions[name][0])
            case _:
                raise ValueError("a clause is a string, or a constant of its module")

    @cached_property
    def _definitions(self) -> dict[str, list[ast.AST]]:
        """By name; a list that grows is defined in several places."""
        definitions: dict[str, list[ast.AST]] = {}
        for name, node in _definitions(self._tree):
            definitions.setdefault(name, []).append(node)
        return definitions

    @cached_property
    def _imported(self) -> "dict[str, Rule | ModuleType | Source | _Elsewhere]":
        """By name: a rule, or a module that may hold some, of the programs or of the tests."""
        imported: dict[str, Rule | ModuleType | Source | _Elsewhere] = {}
        for node in ast.walk(self._tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    value = self._import(node.module, alias.name)
                    if value is not None:
                        imported[alias.asname or alias.name] = value
        return imported

    def _import(self, module: str, name: str) -> "Rule | ModuleType | Source | _Elsewhere | None":
        package = module.partition(".")[0]
        if package == TESTS:
            source = self._suite.source(module)
            return _Elsewhere(source, name) if source else self._suite.source(f"{module}.{name}")
        if package not in PACKAGES:
            return None
        value = getattr(importlib.import_module(module), name, None)
        return value if isinstance(value, Rule | ModuleType) else None


@dataclass(frozen=True)
class _Elsewhere:
    """A name of another module of the tests."""

    source: Source
    name: str


def _rules_in(module: object, attribute: str) -> set[str]:
    if isinstance(module, Source):
        return module.rules_behind(attribute)
    rule = getattr(module, attribute, None) if isinstance(module, ModuleType) else None
    return {rule.identifier} if isinstance(rule, Rule) else set()


def _definitions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node
            case (
                ast.Assign(targets=[ast.Name(id=name)])
                | ast.AnnAssign(target=ast.Name(id=name))
                | ast.AugAssign(target=ast.Name(id=name))
            ):
                yield name, node
            case _:
                pass
