"""What a contributor's tools read: hooks, the development container, issue forms."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from workshop.environment.ports import Ports

REPOSITORY = Path(__file__).resolve().parents[2]
HOOKS = REPOSITORY / ".pre-commit-config.yaml"
# Python's tools, as pre-commit starts them.
PROGRAMS = Path(sys.executable).parent


def validate(configuration: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAMS / "pre-commit", "validate-config", configuration],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_hooks_are_valid_and_a_misspelt_key_is_not(tmp_path: Path) -> None:
    done = validate(HOOKS)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    misspelt = tmp_path / "hooks.yaml"
    misspelt.write_text(HOOKS.read_text().replace("entry:", "entrance:", 1))
    assert "Missing required key: entry" in validate(misspelt).stdout


def test_the_hooks_run_locked_tools_and_fetch_nothing() -> None:
    configuration = yaml.safe_load(HOOKS.read_text())
    assert [repository["repo"] for repository in configuration["repos"]] == ["local"]
    for hook in configuration["repos"][0]["hooks"]:
        program = Path(hook["entry"].split()[0])
        assert hook["language"] == "system"
        assert program.parent == Path(".venv/bin")
        assert (PROGRAMS / program.name).is_file(), hook["id"]


def test_the_development_container_forwards_the_ports_that_people_open() -> None:
    configuration = json.loads((REPOSITORY / ".devcontainer" / "devcontainer.json").read_text())
    stores = {port for name, port in asdict(Ports()).items() if name.startswith("redis_")}
    assert set(configuration["forwardPorts"]) == set(asdict(Ports()).values()) - stores
    assert (REPOSITORY / configuration["postCreateCommand"]).is_file()


@pytest.mark.parametrize("name", ["bug.yml", "feature.yml"])
def test_an_issue_form_has_what_github_demands(name: str) -> None:
    form = yaml.safe_load((REPOSITORY / ".github" / "ISSUE_TEMPLATE" / name).read_text())
    assert {"name", "description", "body"} <= set(form)
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields) > 0
    assert all(field["attributes"]["label"] for field in fields)
