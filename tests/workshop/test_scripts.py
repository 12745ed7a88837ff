"""The scripts, from a machine on which something is missing: a clear message, and the next step."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from operations.settings.environment import REPOSITORY

NOBODY = 65534
# A proxy that does not exist is as good as no network.
NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1", "PIP_RETRIES": "0"}
SCRIPTS = (
    *("demo", "up", "down", "status", "explain", "soak", "fuzz", "compare"),
    *("test", "check", "lock", "manage", "rules", "wheel", "reset", "docs", "release"),
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The repository's scripts in a folder of their own, where nothing is installed."""
    folder = tmp_path / "a clone"
    for part in ("scripts", "requirements", "workshop"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / part, folder / part, ignore=ignored)
    return folder


def run(
    script: Path, *arguments: str, path: str | None = None, env: dict[str, str] | None = None, **options: Any
) -> tuple[int, str]:
    """Exit status, and what the script said."""
    environment = {"PATH": path or os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(
        [script, *arguments],
        env=environment | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_is_there_before_anything_is_installed_and_from_any_folder(clone: Path, script: str) -> None:
    status, said = run(clone / "scripts" / script, "--help", cwd="/")
    assert status == 0, said
    assert "usage: " in said
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_unknown_option_is_a_usage_error(script: str) -> None:
    status, said = run(REPOSITORY / "scripts" / script, "--no-such-option", cwd="/")
    assert status == 2, said
    assert "usage: " in said or "no-such-option" in said


@pytest.mark.parametrize(
    "arguments", [["manage"], ["manage", "nobody"], ["manage", "ca", "nothing"], ["explain"]]
)
def test_what_is_not_there_is_a_usage_error(arguments: list[str]) -> None:
    status, said = run(REPOSITORY / "scripts" / arguments[0], *arguments[1:])
    assert status == 2, said


@pytest.mark.parametrize("script", ["down", "status", "reset"])
def test_where_nothing_runs_it_is_said_without_an_installation(
    clone: Path, tmp_path: Path, script: str
) -> None:
    status, said = run(clone / "scripts" / script, "--state", str(tmp_path / "nowhere"))
    assert (status, "Traceback" in said) == (0 if script == "reset" else 2, False), said
    assert ("There is nothing to forget" if script == "reset" else "Nothing is running") in said
    assert not list(clone.glob(".venv*"))


def test_without_a_trail_explain_says_how_to_start(clone: Path) -> None:
    status, said = run(clone / "scripts" / "explain", "--recent")
    assert status == 2, said
    assert "./scripts/up" in said
    assert not list(clone.glob(".venv*"))


@pytest.mark.parametrize("script", ["demo", "up", "test"])
def test_a_python_that_is_too_old_is_named_with_the_next_step(
    clone: Path, tmp_path: Path, script: str
) -> None:
    path = pythons(tmp_path / "bin", {"python3": "echo old 3.9.2"})
    status, said = run(clone / "scripts" / script, path=path)
    assert status == 1
    assert "Python 3.11 or later is needed; found: python3 is 3.9.2." in said
    assert "PYTHON=/path/to/python3" in said


def test_a_python_without_venv_is_named_with_the_package_to_install(clone: Path, tmp_path: Path) -> None:
    path = pythons(tmp_path / "bin", {"python3.12": "echo bare"})
    status, said = run(clone / "scripts" / "up", path=path)
    assert status == 1
    assert "python3.12 cannot make virtual environments" in said
    assert "apt install python3-venv" in said


def test_the_python_that_the_user_names_is_the_only_one_tried(clone: Path, tmp_path: Path) -> None:
    pythons(tmp_path / "bin", {"old-python": "echo old 3.10.1"})
    old = str(tmp_path / "bin" / "old-python")
    status, said = run(clone / "scripts" / "up", env={"PYTHON": old})
    assert status == 1
    assert f"found: {old} is 3.10.1." in said


def test_a_folder_that_is_not_writable_is_named_with_the_next_step(clone: Path) -> None:
    # Root may write everywhere, and becomes nobody for this; anyone else takes away their own right.
    options: dict[str, Any] = {}
    if os.getuid() == 0:
        options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        for folder in (*clone.parents,):
            if str(folder).startswith("/tmp/"):  # noqa: S108 - pytest's own folders
                folder.chmod(folder.stat().st_mode | 0o055)
    else:
        clone.chmod(0o555)
    status, said = run(clone / "scripts" / "up", cwd="/", **options)
    clone.chmod(0o755)
    assert status == 1
    assert f"the folder {clone} is not writable" in said
    assert "clone the repository to a folder of your own" in said


def test_without_a_network_the_first_installation_says_so_and_leaves_nothing(clone: Path) -> None:
    status, said = run(clone / "scripts" / "up", env=NO_NETWORK)
    assert status == 1
    assert "the package index could not be reached" in said
    assert "Check the network" in said
    assert str(clone / "var" / "log" / "install.log") in said
    assert not list(clone.glob(".venv*")), "a half-made environment is left"


def pythons(folder: Path, verdicts: dict[str, str]) -> str:
    """A PATH whose only Pythons are these: each answers the script's question as told."""
    folder.mkdir()
    for name, verdict in verdicts.items():
        (folder / name).write_text(f"#!/bin/sh\n{verdict}\n")
        (folder / name).chmod(0o755)
    for tool in ("sh", "dirname", "basename", "cat", "cmp"):
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    return str(folder)
