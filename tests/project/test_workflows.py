"""The workflows of the repository: valid, pinned, and calling the scripts that a contributor runs."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
GITHUB = REPOSITORY / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONLINT = REPOSITORY / "tools" / "actionlint"
# The tag is what a reader understands; the hash is what runs.
PINNED = re.compile(r"uses: [\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
# What a file says that an ecosystem of Dependabot reads.
MANIFESTS = {
    "pip": "*.in",
    "github-actions": ".github/workflows/*.yml",
    "docker": "Dockerfile",
    "docker-compose": "docker-compose.yml",
    "npm": "package.json",
    "gomod": "go.mod",
}


@pytest.fixture(scope="session")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        pytest.skip("Go is not installed")
    binary = tmp_path_factory.mktemp("actionlint") / "actionlint"
    source = "github.com/rhysd/actionlint/cmd/actionlint"
    command = [go, "build", "-mod=readonly", "-o", str(binary), source]
    built = subprocess.run(command, cwd=ACTIONLINT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return binary


def lint(actionlint: Path, *workflows: Path) -> tuple[int, str]:
    done = subprocess.run(
        [actionlint, "-no-color", *workflows], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(workflow.read_text())["jobs"].values():
        yield from job["steps"]


def test_actionlint_accepts_the_workflows_and_refuses_a_misspelt_key(
    actionlint: Path, tmp_path: Path
) -> None:
    assert lint(actionlint, *WORKFLOWS) == (0, "")
    misspelt = tmp_path / "ci.yml"
    misspelt.write_text(WORKFLOWS[0].read_text().replace("timeout-minutes", "timeout-minute", 1))
    status, said = lint(actionlint, misspelt)
    assert status == 1
    assert 'unexpected key "timeout-minute"' in said


def test_every_action_is_pinned_by_commit_hash_with_its_tag_as_comment() -> None:
    lines = [line for workflow in WORKFLOWS for line in workflow.read_text().splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not PINNED.search(line)] == []


def test_workflows_may_read_the_repository_and_nothing_else() -> None:
    for workflow in WORKFLOWS:
        content = yaml.safe_load(workflow.read_text())
        assert content["permissions"] == {"contents": "read"}
        assert not any("permissions" in job for job in content["jobs"].values())


def test_workflows_run_scripts_of_the_repository_alone() -> None:
    commands = [step["run"] for workflow in WORKFLOWS for step in steps(workflow) if "run" in step]
    assert {"./scripts/check", "./scripts/docs", "./scripts/test", ".ci/compose"} <= set(commands)
    assert [command for command in commands if not (REPOSITORY / command.split()[0]).is_file()] == []


def test_the_tests_run_on_every_python_that_the_library_supports() -> None:
    jobs = yaml.safe_load((GITHUB / "workflows" / "ci.yml").read_text())["jobs"]
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    named = [each.rpartition(" ")[2] for each in project["classifiers"] if "Python :: 3." in each]
    assert jobs["tests"]["strategy"]["matrix"]["python"] == named
    assert f">={named[0]}" == project["requires-python"]


def test_dependabot_watches_folders_that_have_what_it_reads() -> None:
    for update in yaml.safe_load((GITHUB / "dependabot.yml").read_text())["updates"]:
        for directory in update.get("directories") or [update["directory"]]:
            folder = REPOSITORY / directory.lstrip("/")
            assert list(folder.glob(MANIFESTS[update["package-ecosystem"]])), update
    watched = {"/tools/actionlint", "/tests/ca/verifier"}
    modules = {f"/{file.parent.relative_to(REPOSITORY)}" for file in tracked("*go.mod") if requires(file)}
    assert modules == watched


def tracked(pattern: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [REPOSITORY / name for name in listing.stdout.splitlines()]


def requires(module: Path) -> bool:
    return "require" in module.read_text()
