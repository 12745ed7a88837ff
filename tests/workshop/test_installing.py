"""The installer: environments next to one another, switched when complete, never touched while in use."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

import pytest

from operations.settings.environment import REPOSITORY
from tests.waiting import eventually
from tests.workshop.test_scripts import NO_NETWORK, run
from workshop.environment import processes
from workshop.environment.running import stop

PACKAGES = sysconfig.get_path("purelib")
LAUNCHER = """
import sys
from pathlib import Path
from workshop.environment.local import Environment
from workshop.environment.ports import Ports

with Environment(Path(sys.argv[1]), ports=Ports.free()) as environment:
    environment.leave_running()
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the repository in a folder with a space, where nothing is installed."""
    folder = tmp_path / "a clone"
    listed = ("scripts", "requirements", "workshop", "tests", "sender_constraint", "operations")
    for part in (*listed, "ca", "authserver", "bank_api", "partner_client"):
        shutil.copytree(REPOSITORY / part, folder / part)
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    shutil.copy(REPOSITORY / "LICENSE", folder)
    return folder


def make_environment(venv: Path, *requirements: str) -> Path:
    """A virtual environment with our own packages, and the record that it has these."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python = venv / "bin" / "python"
    paths = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site_packages = subprocess.run(paths, capture_output=True, text=True, check=True).stdout.strip()
    (Path(site_packages) / "packages.pth").write_text(f"{PACKAGES}\n")
    recorded = venv / ".installed"
    recorded.mkdir()
    (recorded / "python").write_text(sys.version + "\n")
    for name in requirements:
        shutil.copy(venv.parent / "requirements" / f"{name}.txt", recorded)
    return python


def installer(clone: Path) -> ModuleType:
    """The installer of a clone, as a module."""
    spec = importlib.util.spec_from_file_location("installer", clone / "scripts" / "_install.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def content(folder: Path) -> dict[str, int]:
    """Every file in a folder, with its time of change; what Python compiles does not count."""
    return {
        str(file.relative_to(folder)): file.lstat().st_mtime_ns
        for file in folder.rglob("*")
        if "__pycache__" not in file.parts and not file.is_dir()
    }


@contextmanager
def used_by_a_process(python: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that runs from an environment."""
    with subprocess.Popen([str(python), "-c", "input()"], stdin=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def running(clone: Path) -> Iterator[Path]:
    """The root of an environment that runs; its packages are in a folder, as earlier versions made it."""
    python = make_environment(clone / ".venv", "embedded")
    # What is to be installed is not here yet, whatever the environment of this test has.
    with (clone / "requirements" / "development.txt").open("a") as locked:
        locked.write(f"not-here==1.0 --hash=sha256:{64 * '0'}\n")
    root = clone / "var"
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(clone)}
    subprocess.run(
        [str(python), "-P", "-c", LAUNCHER, str(root)], cwd=clone, env=env, check=True, timeout=300
    )
    try:
        yield root
    finally:
        stop(root)


def test_no_command_without_a_network_touches_what_runs(running: Path, clone: Path) -> None:
    before = content(clone / ".venv")
    for script in ("fuzz", "test", "check", "rules", "wheel"):
        status, said = run(clone / "scripts" / script, env=NO_NETWORK, timeout=120)
        assert status == 1, said
        assert "the package index could not be reached. What was installed before is unchanged." in said
    assert content(clone / ".venv") == before
    assert not list(clone.glob(".venv-*"))

    status, said = run(clone / "scripts" / "status", env=NO_NETWORK)
    assert said.splitlines()[-1].startswith("Status: "), said
    assert status in (0, 1)  # on a busy machine a worker may not have run yet
    status, said = run(clone / "scripts" / "down", env=NO_NETWORK)
    assert (status, f"stopped what ran in {running}" in said) == (0, True), said
    assert processes.running(running) == []


def test_down_works_where_the_packages_are_gone(clone: Path) -> None:
    python = make_environment(clone / ".venv", "embedded")
    root = clone / "var"
    (root / "run").mkdir(parents=True)
    sleeping = [str(python), "-c", "import time; time.sleep(600)"]
    with subprocess.Popen(sleeping, env={processes.MARK: processes.mark_of(root)}) as process:
        shutil.rmtree(clone / ".venv")
        status, said = run(clone / "scripts" / "down")
        assert status == 0, said
        assert process.wait(10)


def test_packages_that_changed_are_not_installed_by_status_down_or_explain(clone: Path) -> None:
    make_environment(clone / ".venv", "embedded")
    (clone / "requirements" / "embedded.txt").write_text("changed==1\n")
    before = content(clone / ".venv")
    for script, expected in (("status", 2), ("down", 2), ("explain", 2)):
        status, said = run(clone / "scripts" / script, env=NO_NETWORK)
        assert (status, "setting up" in said) == (expected, False), said
    assert content(clone / ".venv") == before


def test_a_link_is_switched_and_the_environment_of_before_goes_when_it_is_not_used(clone: Path) -> None:
    old = make_environment(clone / ".venv-00000000000a", "embedded")
    (clone / ".venv").symlink_to(".venv-00000000000a")
    make_environment(clone / ".venv-00000000000b", "development", "embedded")
    install = installer(clone)
    with used_by_a_process(old):
        eventually(lambda: bool(install.in_use(old.parents[1])), "the process runs from the environment")
        assert install.main("development") == 0
        assert (clone / ".venv").readlink() == Path(".venv-00000000000b")
        assert old.exists(), "an environment in use was deleted"
    assert install.main("development") == 0
    assert [entry.name for entry in clone.glob(".venv-*")] == [".venv-00000000000b"]


def test_a_folder_of_an_earlier_version_becomes_a_link_when_nothing_uses_it(clone: Path) -> None:
    old = make_environment(clone / ".venv", "embedded")
    make_environment(clone / ".venv-00000000000b", "development", "embedded")
    install = installer(clone)
    with used_by_a_process(old):
        eventually(lambda: bool(install.in_use(clone / ".venv")), "the process runs from the environment")
        assert install.main("development") == 0
        assert not (clone / ".venv").is_symlink()
    assert install.main("development") == 0
    assert (clone / ".venv").readlink() == Path(".venv-00000000000b")
    assert [entry.name for entry in clone.glob(".venv-*")] == [".venv-00000000000b"]


def test_what_is_not_recorded_is_built_again_and_another_python_gets_its_own(clone: Path) -> None:
    install = installer(clone)
    assert install.installed("embedded") is None
    python = make_environment(clone / ".venv-00000000000a", "embedded")
    assert install.installed("embedded") == python.parents[1]
    (python.parents[1] / ".installed" / "python").write_text("3.11.0 (another)\n")
    assert install.installed("embedded") is None


def test_a_folder_that_was_renamed_still_has_its_packages(clone: Path) -> None:
    make_environment(clone / ".venv-00000000000a", "embedded")
    (clone / ".venv").symlink_to(".venv-00000000000a")
    moved = clone.rename(clone.with_name("moved, with a comma"))
    status, said = run(moved / "scripts" / "manage", "ca", "help", env=NO_NETWORK)
    assert (status, "setting up" in said) == (0, False), said


def test_a_full_disk_leaves_what_was_there(clone: Path) -> None:
    make_environment(clone / ".venv", "embedded")
    before = content(clone / ".venv")
    with installing(clone, "echo 'ERROR: [Errno 28] No space left on device'; exit 1") as process:
        _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the disk is full" in error
    assert content(clone / ".venv") == before
    assert not list(clone.glob(".venv-*"))


def test_an_installation_that_is_killed_leaves_what_was_there_and_the_next_waits_for_its_pip(
    clone: Path,
) -> None:
    make_environment(clone / ".venv", "embedded")
    before = content(clone / ".venv")
    with installing(clone, 'touch "$0.runs"; exec sleep 600') as killed:
        eventually(lambda: bool(list(clone.glob(".venv-*/bin/python.runs"))), "pip runs")
        killed.kill()
        killed.wait()
        assert content(clone / ".venv") == before
        status, said = run(clone / "scripts" / "status", env=NO_NETWORK)
        assert (status, "setting up" in said) == (2, False)
        with installing(clone, "exit 1") as waiting:
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(1)
            os.killpg(killed.pid, signal.SIGKILL)
            assert waiting.wait(60) == 1
    assert content(clone / ".venv") == before
    assert not list(clone.glob(".venv-*"))


@contextmanager
def installing(clone: Path, pip: str) -> Iterator["subprocess.Popen[str]"]:
    """The installer of a clone, with these shell commands for pip; it and pip are ended afterwards."""
    command = [sys.executable, "-P", "-c", STUBBED, str(clone), f"#!/bin/sh\n{pip}\n"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


# The installer with another pip: the interpreter of the new environment is replaced once it is made.
STUBBED = """
import importlib.util, subprocess, sys
from pathlib import Path
clone, pip = Path(sys.argv[1]), sys.argv[2]
spec = importlib.util.spec_from_file_location("installer", clone / "scripts" / "_install.py")
install = importlib.util.module_from_spec(spec)
spec.loader.exec_module(install)
run = subprocess.run
def make(command, **options):
    if "venv" not in command:
        return run(command, **options)
    python = Path(command[-1]) / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(pip)
    python.chmod(0o755)
install.subprocess.run = make
sys.exit(install.main("development"))
"""


def test_two_installations_at_once_are_one(clone: Path) -> None:
    make_environment(clone / ".venv-00000000000a", "embedded")
    command = [sys.executable, "-P", str(clone / "scripts" / "_install.py"), "embedded"]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert (clone / ".venv").readlink() == Path(".venv-00000000000a")
