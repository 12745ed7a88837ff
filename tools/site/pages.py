"""The pages that Sphinx reads: those of docs/ as they are, and one for each package of the library.

``docs/README.md`` is the start page, and decides the sidebar: its sections and their links, in order. A page that it
does not link to fails the build.
"""

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

LIBRARY = "sender_constraint"
_HEADING = re.compile(r"## (.+)")
_PAGE = re.compile(r"\]\(([\w-]+)\.md[)#]")


def write(repository: Path, source: Path) -> None:
    """Write all pages into the folder ``source``, which does not exist yet."""
    shutil.copytree(repository / "docs", source)
    for page in source.rglob("*.md"):
        page.write_text(page.read_text().replace("](README.md", "](index.md"))
    index = (source / "README.md").rename(source / "index.md")
    packages = list(public_packages(repository))
    index.write_text(index.read_text() + sidebar(index.read_text(), packages))
    (source / "reference").mkdir()
    for package in packages:
        (source / "reference" / f"{package}.md").write_text(reference(package))


def sidebar(index: str, packages: list[str]) -> str:
    """The hidden tables of contents behind the index: one for each section, and one for the reference."""
    sections: dict[str, list[str]] = {}
    title = ""
    for line in index.splitlines():
        if heading := _HEADING.fullmatch(line):
            title = heading[1]
        for page in _PAGE.findall(line):
            if not any(page in pages for pages in sections.values()):
                sections.setdefault(title, []).append(page)
    sections["Reference of the library"] = [f"reference/{package}" for package in packages]
    return "".join(_table_of_contents(title, pages) for title, pages in sections.items())


def _table_of_contents(caption: str, pages: list[str]) -> str:
    options = [":hidden:", *([f":caption: {caption}"] if caption else [])]
    return "\n".join(["", "", "```{toctree}", *options, "", *pages, "```", ""])


def public_packages(repository: Path) -> Iterator[str]:
    """The library and those of its packages that declare public names, by their dotted names."""
    library = repository / LIBRARY
    for file in sorted([library / "__init__.py", *library.glob("*/__init__.py")]):
        if declares_public_names(file):
            yield ".".join(file.parent.relative_to(repository).parts)


def declares_public_names(file: Path) -> bool:
    """Whether a module assigns ``__all__``."""
    return any(
        isinstance(target, ast.Name) and target.id == "__all__"
        for statement in ast.parse(file.read_text()).body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
    )


def reference(package: str) -> str:
    """The page of a package: its docstring, then every name in its ``__all__``."""
    return f"# {package}\n\n```{{eval-rst}}\n.. automodule:: {package}\n   :members:\n```\n"
