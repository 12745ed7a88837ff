"""The pages that Sphinx reads: those of docs/ as they are, and one for each package of the library.

``docs/README.md`` is the start page, and decides the sidebar: its sections and their links, in order. A page
that it does not link to fails the build.
"""

import inspect
import pkgutil
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path

LIBRARY = "sender_constraint"
_HEADING = re.compile(r"## (.+)")
_PAGE = re.compile(r"\]\(([\w-]+)\.md[)#]")


def write(docs: Path, source: Path) -> None:
    """Write all pages into the folder ``source``, which does not exist yet."""
    shutil.copytree(docs, source)
    for page in source.rglob("*.md"):
        page.write_text(page.read_text().replace("](README.md", "](index.md"))
    index = (source / "README.md").rename(source / "index.md")
    names = public_names()
    index.write_text(index.read_text() + sidebar(index.read_text(), list(names)))
    (source / "reference").mkdir()
    for package in names:
        (source / "reference" / f"{package}.md").write_text(reference(package, names))


def sidebar(index: str, packages: Sequence[str]) -> str:
    """The hidden tables of contents behind the index: one for each section, and one for the reference."""
    sections: dict[str, list[str]] = {}
    title = ""
    for line in index.splitlines():
        if heading := _HEADING.fullmatch(line):
            title = heading[1]
        for page in _PAGE.findall(line):
            if not any(page in pages for pages in sections.values()):
                sections.setdefault(title, []).append(page)
    if packages:
        sections["Reference of the library"] = [f"reference/{package}" for package in packages]
    return "".join(_table_of_contents(title, pages) for title, pages in sections.items())


def _table_of_contents(caption: str, pages: Sequence[str]) -> str:
    options = [":hidden:", *([f":caption: {caption}"] if caption else [])]
    return "\n".join(["", "", "```{toctree}", *options, "", *pages, "```", ""])


def public_names() -> dict[str, list[str]]:
    """By package of the library, the names in its ``__all__``. Packages without one are left out."""
    library = import_module(LIBRARY)
    packages = [name for _, name, is_package in pkgutil.iter_modules(library.__path__) if is_package]
    modules = [library, *(import_module(f"{LIBRARY}.{name}") for name in packages)]
    return {module.__name__: list(module.__all__) for module in modules if hasattr(module, "__all__")}


def reference(package: str, names: Mapping[str, Sequence[str]]) -> str:
    """The page of a package: its docstring, then every public name.

    names: by package. A name that the library's root repeats is documented where its package declares it.
    """
    return "\n".join([f"# {package}", "", "```{eval-rst}", *_directives(package, names), "```", ""])


def _directives(package: str, names: Mapping[str, Sequence[str]]) -> Iterator[str]:
    module = import_module(package)
    yield f".. py:module:: {package}"
    yield ""
    yield inspect.getdoc(module) or ""
    for name in names[package]:
        homes = [other for other in names if other.startswith(f"{package}.") and name in names[other]]
        yield ""
        if homes:
            yield f"- :py:obj:`{name} <{homes[0]}.{name}>`"
        else:
            yield f".. {_directive(getattr(module, name))}:: {package}.{name}"


def _directive(value: object) -> str:
    if inspect.isclass(value):
        return "autoexception" if issubclass(value, BaseException) else "autoclass"
    return "autofunction" if inspect.isroutine(value) else "autodata"
