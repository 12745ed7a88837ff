"""Links and module paths in the documentation lead to files that exist, and every page is in the index."""

import re
from pathlib import Path

import pytest

from operations.settings.environment import REPOSITORY

DOCS = REPOSITORY / "docs"
# Without the changelog, which names files of earlier versions.
PAGES = sorted({*REPOSITORY.glob("*.md"), *DOCS.glob("*.md"), *REPOSITORY.glob("examples/*/README.md")})
PAGES.remove(REPOSITORY / "CHANGELOG.md")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
# A module as pages name it: from the repository's folder, or from the folder of a package.
MODULE = re.compile(r"`((?:[a-z_]+/)+[a-z_0-9]+\.py)(?:::\w+)?`")
ROOTS = ("", "sender_constraint", "operations", "authserver", "ca", "tests")


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_of_a_page_leads_to_a_file_and_to_a_heading(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_module_that_a_page_names_exists(page: Path) -> None:
    for module in MODULE.findall(page.read_text()):
        assert any((REPOSITORY / root / module).exists() for root in ROOTS), module


def test_every_page_is_in_the_index_and_says_whom_it_is_for() -> None:
    index = (DOCS / "README.md").read_text()
    for page in DOCS.glob("*.md"):
        assert page.name == "README.md" or f"]({page.name})" in index, page.name
        paragraphs = re.sub(r"<!--.*?-->", "", page.read_text(), flags=re.DOTALL).strip().split("\n\n")
        assert re.match(r"For [\w ,.:]+", paragraphs[1]), page.name
