"""Locked files name versions and hashes, and leave the registry to whoever installs."""

import json
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# By parts, so that this file passes its own test.
ADDRESSES = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("registry", "npmjs", "org"),
            ("registry", "yarnpkg", "com"),
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("proxy", "golang", "org"),
            ("sum", "golang", "org"),
            ("crates", "io"),
        )
    ),
    re.IGNORECASE,
)
# An option that sets an address, at the beginning of a line of a requirements file or of .npmrc.
OPTIONS = re.compile(
    r"^\s*(--(extra-)?index-url|-i\b|--find-links|-f\b|(@[\w-]+:)?registry\s*=)", re.MULTILINE
)


def tracked() -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [name for name in listing.stdout.splitlines() if (REPOSITORY / name).is_file()]


def addresses(text: str) -> list[str]:
    return [found[0] for pattern in (ADDRESSES, OPTIONS) for found in pattern.finditer(text)]


@pytest.mark.parametrize(
    "line",
    [
        "https://registry.npm" + "js.org/jose/-/jose-6.2.17.tgz",
        "https://files.python" + "hosted.org/packages/ab/jose.whl",
        "--index-url https://packages.example.org/simple",
        "--extra-index-url=https://packages.example.org/simple",
        "registry=https://packages.example.org/",
        "@bank:registry = https://packages.example.org/",
    ],
)
def test_an_address_is_found(line: str) -> None:
    assert addresses(f"# Locked.\n{line}\n")
    assert not addresses("# Locked.\njose==6.2.17 --hash=sha256:00\nomit-lockfile-registry-resolved=true\n")


def test_no_file_has_the_address_of_a_registry() -> None:
    names = tracked()
    assert "requirements/development.txt" in names
    texts = ((name, (REPOSITORY / name).read_bytes().decode(errors="replace")) for name in names)
    assert [(name, found) for name, text in texts if (found := addresses(text))] == []


def test_every_npm_project_leaves_addresses_out_of_its_lock_file() -> None:
    projects = [REPOSITORY / name for name in tracked() if Path(name).name == "package.json"]
    assert projects
    for project in projects:
        assert "omit-lockfile-registry-resolved=true" in (project.parent / ".npmrc").read_text().splitlines()
        packages = json.loads((project.parent / "package-lock.json").read_text())["packages"]
        fetched = [package for name, package in packages.items() if name]
        assert fetched
        assert all("integrity" in package and "resolved" not in package for package in fetched)
