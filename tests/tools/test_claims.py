"""docs/claims.md: each statement has its verdict, and the tests that it names are there."""

import re

import pytest

from tools.rules.program import REPOSITORY

PAGE = (REPOSITORY / "docs" / "claims.md").read_text()
STATEMENTS = 29
VERDICTS = ("True.", "True with a limit", "False.", "Not decidable here")
SCRIPT = re.compile(r"`\./(scripts/[a-z]+)")


def sections() -> dict[int, str]:
    """What stands below the heading of each statement, by its number."""
    parts = re.split(r"^### (\d+)\. .+$", PAGE, flags=re.MULTILINE)[1:]
    return {
        int(number): text.partition("\n## ")[0] for number, text in zip(parts[::2], parts[1::2], strict=True)
    }


@pytest.fixture(scope="module")
def tests() -> frozenset[str]:
    files = (REPOSITORY / "tests").rglob("test_*.py")
    return frozenset(name for file in files for name in re.findall(r"def (test_\w+)", file.read_text()))


def test_each_statement_is_there_once() -> None:
    assert sorted(sections()) == list(range(1, STATEMENTS + 1))
    assert len(re.findall(r"^### ", PAGE, flags=re.MULTILINE)) == STATEMENTS


@pytest.mark.parametrize("number", range(1, STATEMENTS + 1))
def test_each_statement_has_a_verdict_and_its_evidence(number: int) -> None:
    text = sections()[number]
    verdict = re.match(r"\s*\*\*(.+?)\*\*", text)
    assert verdict is not None
    assert verdict[1].startswith(VERDICTS)
    if not verdict[1].startswith("Not decidable"):
        assert re.search(r"^Evidence: `(test_|\./scripts/)", text, flags=re.MULTILINE)


def test_the_tests_and_commands_that_it_names_are_there(tests: frozenset[str]) -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > STATEMENTS
    assert named - tests == set()
    for script in SCRIPT.findall(PAGE):
        assert (REPOSITORY / script).exists()
