"""The release script: one thing wrong and it refuses, before it builds or tags anything."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CHANGELOG = """\
# Changelog

## Unreleased

## 7.8.9 - 2030-01-02

### Added

- A first thing.

## 7.8.8 - 2029-01-02

- An older thing.
"""
NO_ENTRIES = CHANGELOG.replace("### Added\n\n- A first thing.\n", "")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A small repository, ready to be released as 7.8.9, with the real library's metadata."""
    folder = tmp_path / "clone"
    package = folder / "sender_constraint"
    package.mkdir(parents=True)
    for name in ("__init__.py", "README.md"):
        shutil.copy(REPOSITORY / "sender_constraint" / name, package)
    shutil.copytree(REPOSITORY / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPOSITORY / "requirements", folder / "requirements")
    for name in ("LICENSE", ".gitignore", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, folder)
    project = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(project.replace('\nversion = "', '\nversion = "7.8.9" # was "', 1))
    (folder / "CHANGELOG.md").write_text(CHANGELOG)
    (folder / ".venv").symlink_to(Path(sys.prefix).resolve())
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A release")


def release(clone: Path, *options: str, docker: str = "exit 0") -> tuple[int, str]:
    """Exit status and output. docker: what the command of this name does after recording its arguments."""
    programs = clone.parent / "programs"
    programs.mkdir(exist_ok=True)
    fake = programs / "docker"
    fake.write_text(f'#!/bin/sh\necho "$@" >> "{clone.parent}/docker"\n{docker}\n')
    fake.chmod(0o755)
    identity = {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org"}
    done = subprocess.run(
        [clone / "scripts" / "release", *options],
        env={name: value for name, value in os.environ.items() if name != "PYTHON"}
        | {"PATH": f"{programs}:{os.environ['PATH']}"}
        | identity,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_a_release_is_a_wheel_an_image_and_a_tag_with_the_section_of_the_changelog(clone: Path) -> None:
    status, said = release(clone)
    assert status == 0, said
    wheel = clone / "dist" / "sender_constraint-7.8.9-py3-none-any.whl"
    assert "sender_constraint/__init__.py" in zipfile.ZipFile(wheel).namelist()
    image = "build --quiet --tag sender-constraint-workshop:7.8.9 .\n"
    assert (clone.parent / "docker").read_text() == image
    assert git(clone, "cat-file", "-t", "v7.8.9") == "tag\n"
    message = git(clone, "tag", "--list", "--format=%(contents)", "v7.8.9").strip()
    assert message == "7.8.9\n\n### Added\n\n- A first thing."
    assert "git push origin v7.8.9" in said
    assert git(clone, "status", "--porcelain") == ""


def test_a_dry_run_checks_the_wheel_and_leaves_nothing(clone: Path) -> None:
    status, said = release(clone, "--dry-run")
    assert status == 0, said
    assert "7.8.9 can be released" in said
    assert not (clone / "dist").exists()
    assert not (clone.parent / "docker").exists()
    assert git(clone, "tag") == ""


def test_two_wheels_of_one_commit_are_the_same_bytes(clone: Path) -> None:
    assert release(clone)[0] == 0
    wheel = clone / "dist" / "sender_constraint-7.8.9-py3-none-any.whl"
    first = wheel.read_bytes()
    git(clone, "tag", "--delete", "v7.8.9")
    assert release(clone)[0] == 0
    assert wheel.read_bytes() == first


def test_a_dirty_tree_is_refused(clone: Path) -> None:
    (clone / "forgotten.txt").touch()
    refused(clone, "1 uncommitted changes, such as forgotten.txt. Next: commit or stash them.")


def test_another_branch_is_refused(clone: Path) -> None:
    git(clone, "switch", "--quiet", "--create", "work")
    refused(clone, "this is the branch work. Next: git switch main")


def test_a_version_that_was_released_is_refused(clone: Path) -> None:
    git(clone, "tag", "v7.8.9")
    refused(
        clone, "the tag v7.8.9 exists already. Next: raise the version in pyproject.toml.", tags="v7.8.9\n"
    )


@pytest.mark.parametrize(
    "changelog",
    [CHANGELOG.replace("7.8.9", "7.8.7"), CHANGELOG.replace(" - 2030-01-02", ""), NO_ENTRIES],
    ids=["missing", "without a date", "without entries"],
)
def test_a_changelog_without_the_version_is_refused(clone: Path, changelog: str) -> None:
    (clone / "CHANGELOG.md").write_text(changelog)
    commit(clone)
    refused(clone, "CHANGELOG.md has no section '## 7.8.9 - YYYY-MM-DD' with entries. Next: write it.")


def test_entries_that_stay_unreleased_are_refused(clone: Path) -> None:
    (clone / "CHANGELOG.md").write_text(
        CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n- Forgotten.\n")
    )
    commit(clone)
    refused(clone, "CHANGELOG.md has unreleased entries. Next: move them into the section of 7.8.9.")


def test_a_wheel_whose_metadata_is_refused_is_not_released(clone: Path) -> None:
    (clone / "sender_constraint" / "README.md").write_text("")
    commit(clone)
    refused(clone, "-m twine failed", wheel=True)


def test_without_an_image_there_is_no_tag(clone: Path) -> None:
    status, said = release(clone, docker="echo no space left; exit 1")
    assert status == 1
    assert "docker build --quiet failed:\nno space left" in said
    assert git(clone, "tag") == ""


def refused(clone: Path, reason: str, *, tags: str = "", wheel: bool = False) -> None:
    status, said = release(clone)
    assert status == 1
    assert reason in said
    assert (clone / "dist").exists() is wheel
    assert not (clone.parent / "docker").exists()
    assert git(clone, "tag") == tags
