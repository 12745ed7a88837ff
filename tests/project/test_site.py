"""The documentation site: complete, without dead links, and nothing in it is loaded from elsewhere."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tools.site.docstrings import list_parameters
from tools.site.pages import LIBRARY, public_names, sidebar

REPOSITORY = Path(__file__).resolve().parents[2]
# What a browser fetches by itself, by element.
LOADED = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "object": "data",
    "script": "src",
    "source": "src",
    "video": "src",
}
FETCHED_BY_CSS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")


class Page(HTMLParser):
    """What a page links to, what it loads, and the places in it that can be linked to."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value is not None}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in LOADED and LOADED[tag] in given:
            self.loaded.append(given[LOADED[tag]])


def build(repository: Path, into: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tools.site", into],
        cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "docs"
    status, said = build(REPOSITORY, folder)
    assert status == 0, said
    return folder


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Page]:
    return {file: Page(file) for file in site.rglob("*.html")}


def dead_links(pages: dict[Path, Page]) -> Iterator[str]:
    for file, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            anchors = pages[target].anchors if target in pages else set()
            if not target.exists() or unquote(parts.fragment) not in {"", *anchors}:
                yield f"{file.name}: {link}"


def test_no_link_in_the_site_is_dead(site: Path, pages: dict[Path, Page]) -> None:
    assert list(dead_links(pages)) == []
    broken = site / "broken.html"
    try:
        broken.write_text('<a href="nowhere.html">a</a><a href="index.html#nowhere">b</a>')
        found = list(dead_links(pages | {broken: Page(broken)}))
    finally:
        broken.unlink()
    assert found == ["broken.html: nowhere.html", "broken.html: index.html#nowhere"]


def test_no_page_loads_anything_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    loaded = [address for page in pages.values() for address in page.loaded]
    styles = [match for file in site.rglob("*.css") for match in FETCHED_BY_CSS.findall(file.read_text())]
    fetched = [*loaded, *(first or second for first, second in styles)]
    assert any(address.endswith(".js") for address in fetched)
    assert [address for address in fetched if urlsplit(address).netloc] == []


def test_every_page_of_the_documentation_is_in_the_sidebar(site: Path, pages: dict[Path, Page]) -> None:
    start = pages[site / "index.html"]
    linked = {urlsplit(link).path for link in start.links}
    for file in (REPOSITORY / "docs").rglob("*.md"):
        assert file.name == "README.md" or f"{file.stem}.html" in linked


def test_every_public_name_of_the_library_is_in_the_reference(site: Path, pages: dict[Path, Page]) -> None:
    names = public_names()
    assert f"{LIBRARY}.core" in names
    for package, public in names.items():
        page = pages[site / "reference" / f"{package}.html"]
        named = page.anchors | {link.partition("#")[2] for link in page.links}
        homes = {name: (f"{package}.{name}", *(f"{other}.{name}" for other in names)) for name in public}
        assert [name for name in public if named.isdisjoint(homes[name])] == []


def test_parameters_in_docstrings_become_a_list() -> None:
    given = [
        "Take a token. Also this.",
        "",
        "token: as it came,",
        "    in the header.",
        "scheme, method: of the request.",
        "Raises Refusal: never.",
        "",
        "An example::",
        "",
        "    name: value",
        "",
        "A sentence that goes on with",
        "colons: it is one.",
    ]
    assert list_parameters(given) == [
        *given[:2],
        "``token``",
        "    as it came,",
        "    in the header.",
        "``scheme``, ``method``",
        "    of the request.",
        "",
        *given[5:],
    ]


def test_the_sidebar_follows_the_sections_of_the_index() -> None:
    index = "# Docs\n\n## Read\n\n[1](one.md), [2](two.md#part)\n\n## Run\n\n[3](three.md), [1](one.md)\n"
    assert sidebar(index, ["library.core"]).split("```{toctree}")[1:] == [
        "\n:hidden:\n:caption: Read\n\none\ntwo\n```\n\n\n",
        "\n:hidden:\n:caption: Run\n\nthree\n```\n\n\n",
        "\n:hidden:\n:caption: Reference of the library\n\nreference/library.core\n```\n",
    ]


def test_a_page_that_the_index_leaves_out_fails_the_build(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "tools", tmp_path / "tools")
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "README.md").write_text("# Documentation\n\nFor everyone.\n")
    (tmp_path / LIBRARY).mkdir()
    (tmp_path / LIBRARY / "__init__.py").touch()
    (docs / "forgotten.md").write_text("# Forgotten\n")
    status, said = build(tmp_path, tmp_path / "site")
    assert status == 1
    assert "forgotten.md: WARNING: document isn't included in any toctree" in said
