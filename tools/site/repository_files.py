"""A Sphinx extension: links from pages to files of the repository lead to pages that show these files."""

import posixpath
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound
from sphinx.addnodes import download_reference, pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.osutil import relative_uri

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = "docs"
# Where the pages about files are in the site.
FOLDER = "repository"


class RepositoryLinks(SphinxTransform):
    """Finds links that leave docs/, and remembers the files that they lead to."""

    default_priority = 1

    def apply(self, **kwargs: Any) -> None:  # noqa: ARG002 - Sphinx's signature
        """Replace each such link by one to the page about its file."""
        for node in list(self.document.findall(_is_link)):
            target = str(node["reftarget"]).partition("#")[0]
            path = posixpath.normpath(posixpath.join(DOCS, posixpath.dirname(self.env.docname), target))
            if path.startswith(f"{DOCS}/") or not (REPOSITORY / path).exists():
                continue
            self.env.__dict__.setdefault("repository_files", set()).add(path)
            uri = relative_uri(f"{self.env.docname}.html", f"{page_of(path)}.html")
            node.replace_self(nodes.reference("", "", *node.children, refuri=uri, internal=True))


def _is_link(node: nodes.Node) -> bool:
    return isinstance(node, download_reference | pending_xref) and "reftarget" in node


def page_of(path: str) -> str:
    """The name of the page about a file or folder of the repository."""
    return f"{FOLDER}/{path}"


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A page for each file that is linked to, and for each file of a folder that is."""
    wanted = sorted(app.env.__dict__.get("repository_files", set()))
    seen: set[str] = set()
    while wanted:
        path = wanted.pop()
        if path in seen:
            continue
        seen.add(path)
        if (REPOSITORY / path).is_dir():
            inside = [f"{path}/{name}" for name in _visible(REPOSITORY / path)]
            wanted.extend(inside)
            body = _listing(path, inside)
        else:
            body = _highlighted(path)
        yield page_of(path), {"title": path, "body": f"<h1>{escape(path)}</h1>{body}"}, "page.html"


def _visible(folder: Path) -> Iterator[str]:
    for file in sorted(folder.iterdir()):
        if not file.name.startswith((".", "__pycache__", "node_modules")) and file.suffix != ".pyc":
            yield file.name


def _listing(folder: str, paths: list[str]) -> str:
    page = f"{page_of(folder)}.html"
    links = {posixpath.basename(path): relative_uri(page, f"{page_of(path)}.html") for path in paths}
    items = (f'<li><a href="{escape(link)}">{escape(name)}</a></li>' for name, link in links.items())
    return f"<ul>{''.join(items)}</ul>"


def _highlighted(path: str) -> str:
    text = (REPOSITORY / path).read_text()
    try:
        lexer = get_lexer_for_filename(path)
    except ClassNotFound:
        lexer = TextLexer()
    return str(highlight(text, lexer, HtmlFormatter()))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_transform(RepositoryLinks)
    app.connect("html-collect-pages", pages)
    # Every build reads every page: --fresh-env.
    return {"parallel_read_safe": False, "parallel_write_safe": True}
