"""A virtual environment that holds the wheel; what it depends on comes from the environment of the tests."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from operations.settings.environment import REPOSITORY

SOURCES = ("pyproject.toml", "LICENSE", "sender_constraint")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


@dataclass(frozen=True, slots=True)
class Installed:
    """Where the wheel is installed. python: of the virtual environment. folder: which holds no code."""

    python: Path
    folder: Path

    def run(
        self, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run this Python, which finds nothing of the repository. Raises AssertionError where it fails."""
        ended = subprocess.run(
            [self.python, *arguments],
            cwd=cwd or self.folder,
            env={"PATH": os.environ["PATH"], **(env or {})},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout
        return ended


def build_wheel(folder: Path) -> Path:
    """The wheel, built from a copy, since setuptools leaves things beside what it builds from. No network."""
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        if (REPOSITORY / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(REPOSITORY / name, source / name, ignore=ignored)
        else:
            shutil.copy(REPOSITORY / name, source / name)
    offline = ("--no-index", "--no-deps", "--no-build-isolation")
    built = subprocess.run(
        [*PIP, "wheel", *offline, "--wheel-dir", folder, source],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert built.returncode == 0, built.stdout
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Installed:
    """A virtual environment with this wheel."""
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    subprocess.run([*PIP, "--python", python, "install", "--no-index", "--no-deps", wheel], check=True)
    inside = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    )
    # A line of such a file is one more place for packages; those of the wheel stay before it.
    packages = Path(inside.stdout.strip())
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    empty = folder / "elsewhere"
    empty.mkdir()
    return Installed(python, empty)
