"""The public names of the library: its packages export them, and pages and examples use no others."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from operations.settings.environment import REPOSITORY

PACKAGES = ("core", "jose", "http", "dpop", "certificates", "client", "resource_server", "tls", "django")
CODE = re.compile(r"^```(?:python|sh|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)
IMPORTED = re.compile(r"from sender_constraint\.([\w.]+) import (\([^)]*\)|[\w, ]+)")
DOTTED = re.compile(r"\"sender_constraint\.([\w.]+)\"")


def users() -> Iterator[tuple[Path, str]]:
    """The code of each page and each example."""
    pages = [
        *REPOSITORY.glob("*.md"),
        *REPOSITORY.glob("docs/*.md"),
        REPOSITORY / "sender_constraint/README.md",
    ]
    for page in pages:
        yield page, "\n".join(CODE.findall(page.read_text()))
    for suffix in ("py", "diff"):
        for file in (REPOSITORY / "examples" / "your-api").rglob(f"*.{suffix}"):
            yield file, file.read_text()


def used_names() -> Iterator[tuple[Path, str, str]]:
    """Where, which package or module below ``sender_constraint``, and which name."""
    for file, code in users():
        for module, names in IMPORTED.findall(code):
            for name in re.findall(r"\w+", names):
                yield file, module, name
        for path in DOTTED.findall(code):
            module, _, name = path.rpartition(".")
            if module:
                yield file, module, name


RESOLVE = """
import sys
from importlib import import_module
import django
django.setup()
for package in sys.argv[1:]:
    module = import_module(f"sender_constraint.{package}")
    for name in module.__all__:
        getattr(module, name)
    if hasattr(module, "no_such_name"):
        raise SystemExit(f"{package} has any name")
"""


def test_every_package_has_the_names_that_it_exports(tmp_path: Path) -> None:
    variables = {"DJANGO_SETTINGS_MODULE": "bank_api.settings", "STATE_DIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", RESOLVE, *PACKAGES],
        cwd=REPOSITORY,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_pages_and_examples_use_public_names_only() -> None:
    used = list(used_names())
    assert ("client", "DpopAuth") in {(module, name) for _, module, name in used}
    assert ("django", "BoundTokenAuthentication") in {(module, name) for _, module, name in used}
    private = [
        f"{file.relative_to(REPOSITORY)}: sender_constraint.{module}.{name}"
        for file, module, name in used
        if module not in PACKAGES or name not in import_module(f"sender_constraint.{module}").__all__
    ]
    assert private == []
