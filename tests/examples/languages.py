"""The examples in other languages, made ready once: where their tools are installed."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from operations.settings.environment import REPOSITORY

EXAMPLES = REPOSITORY / "examples"
USUAL_GO = Path("/usr/local/go/bin/go")
# What npm says where it reaches no registry.
NETWORK_TROUBLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENOTCACHED")


@dataclass(frozen=True)
class Example:
    """How the programs of an example are started."""

    language: str
    partner: Sequence[str]
    api: Sequence[str]


def go(folder: Path) -> Example:
    """Built by Go's own tools, from the standard library alone: nothing is fetched."""
    found = shutil.which("go") or (str(USUAL_GO) if USUAL_GO.exists() else None)
    if found is None:
        pytest.skip("Go is not installed")
    offline = {"GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"}
    _succeeds([found, "vet", "./..."], EXAMPLES / "go", offline)
    _succeeds([found, "build", "-o", f"{folder}/", "./cmd/..."], EXAMPLES / "go", offline)
    return Example("go", [str(folder / "partner")], [str(folder / "api")])


def node(folder: Path) -> Example:
    """With jose, at the version and with the hash that are locked."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        pytest.skip("Node is not installed")
    copy = folder / "node"
    shutil.copytree(EXAMPLES / "node", copy, ignore=shutil.ignore_patterns("node_modules"))
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    installed = _run([npm, "ci", *options], copy, {})
    if installed.returncode != 0 and any(each in installed.stdout for each in NETWORK_TROUBLE):
        pytest.skip("npm reaches no registry")
    assert installed.returncode == 0, installed.stdout
    return Example("node", [found, str(copy / "partner.mjs")], [found, str(copy / "api.mjs")])


MADE: dict[str, Callable[[Path], Example]] = {"go": go, "node": node}


def _succeeds(command: Sequence[str], cwd: Path, variables: dict[str, str]) -> None:
    ended = _run(command, cwd, variables)
    assert ended.returncode == 0, ended.stdout


def _run(command: Sequence[str], cwd: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
