"""The wheel of the library: whole, typed, and without Django where that is not asked for."""

import email
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from operations.settings.environment import REPOSITORY
from tests.examples.installed import Installed

LIBRARY = REPOSITORY / "sender_constraint"

# What the extras bring, by the names under which it is imported.
_OF_EXTRAS = (
    "django",
    "rest_framework",
    "celery",
    "redis",
    "gunicorn",
    "gevent",
    "OpenSSL",
    "environ",
    "rich",
)

_IMPORT_WITHOUT_EXTRAS = f"""
import importlib, importlib.abc, pkgutil, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {_OF_EXTRAS}:
            raise ModuleNotFoundError(f"{{name}} is not installed", name=name)

sys.meta_path.insert(0, Missing())
import sender_constraint
WITH_REDIS = 'sender_constraint.resource_server.replay_memory'
found = 0
for module in pkgutil.walk_packages(sender_constraint.__path__, "sender_constraint.", onerror=lambda _: None):
    if module.name.split(".")[1] not in ("django", "tls") and module.name != WITH_REDIS:
        importlib.import_module(module.name)
        found += 1
print(found, sender_constraint.__file__)
"""

_TYPED = """
from sender_constraint.core import certificate_thumbprint
wrong: int = certificate_thumbprint(b"der")
"""


def test_the_wheel_holds_the_whole_library_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = (each for each in LIBRARY.rglob("*") if each.is_file() and "__pycache__" not in each.parts)
    assert packed == {str(each.relative_to(REPOSITORY)) for each in files}
    assert "sender_constraint/py.typed" in packed


def test_its_extras_are_django_and_gunicorn(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    assert metadata.get_all("Provides-Extra") == ["django", "gunicorn"]
    always = [each for each in metadata.get_all("Requires-Dist", []) if "extra ==" not in each]
    assert [each.partition(">")[0] for each in always] == ["cryptography", "httpx", "pyjwt"]
    assert metadata["License-Expression"] == "Apache-2.0"
    assert "your-api" in str(metadata.get_payload())


def test_core_client_and_resource_server_need_no_extra(installed: Installed) -> None:
    found, where = installed.run("-W", "error", "-c", _IMPORT_WITHOUT_EXTRAS).stdout.split()
    assert int(found) > 50
    assert Path(where).is_relative_to(installed.python.parents[1])


def test_it_is_typed_for_those_who_use_it(installed: Installed, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(_TYPED)
    checked = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--python-executable",
            installed.python,
            "--config-file=",
            program.name,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'expression has type "str", variable has type "int"' in checked.stdout
    assert "Found 1 error" in checked.stdout


@pytest.mark.parametrize(
    "page", ["docs/migrate.md", "examples/your-api/README.md", "sender_constraint/README.md"]
)
def test_the_lines_that_install_it_work_as_printed(page: str, tmp_path: Path) -> None:
    (printed,) = re.findall(
        r"^```console\n(\$ [^\n]*/wheel[^`]*pip install[^\n]*)\n", _text(page), re.MULTILINE
    )
    commands = [line.removeprefix("$ ") for line in printed.splitlines()]
    # The folder that the page names, without the library in it.
    script = tmp_path / "scripts" / "wheel"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{REPOSITORY}/scripts/wheel" "${{1:-$PWD/dist}}"\n')
    script.chmod(0o755)
    folder = tmp_path / "examples" / "your-api" if page.startswith("examples") else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    variables = {
        "PATH": f"{environment}/bin:{os.environ['PATH']}",
        # In place of a package index: what it depends on is there already, itself it is not.
        "PIP_NO_INDEX": "1",
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }
    commands.append("python -c 'import sender_constraint.django.conf as c; print(c.__file__)'")
    typed = subprocess.run(
        ["sh", "-ec", "\n".join(commands)],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert typed.returncode == 0, typed.stdout + typed.stderr
    assert Path(typed.stdout.splitlines()[-1]).is_relative_to(environment)


def test_no_page_installs_it_in_another_way() -> None:
    pages = [*REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("examples/**/*.md"), *REPOSITORY.glob("*.md")]
    lines = [line for page in [*pages, LIBRARY / "README.md"] for line in _lines_that_install(page)]
    assert len(lines) == 4
    assert all("wheel" in line or "dist/" in line for line in lines)


def _lines_that_install(page: Path) -> list[str]:
    fetched = "node_modules" in page.parts
    return [] if fetched else [line for line in page.read_text().splitlines() if "pip install" in line]


def _text(page: str) -> str:
    return (REPOSITORY / page).read_text()


def test_it_knows_nothing_of_how_services_are_run(installed: Installed) -> None:
    told = "from importlib.util import find_spec; print(find_spec('operations'))"
    assert installed.run("-c", told).stdout.strip() == "None"
