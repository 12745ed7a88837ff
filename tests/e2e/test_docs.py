"""What the documentation tells its readers to type, typed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sender_constraint.server.environment import REPOSITORY
from tests.foreign.test_in_place_of_ours import HABITS
from workshop.environment.local import Environment


def commands_of(document: str) -> str:
    """All blocks of shell commands of a page, as one script that ends at the first failure."""
    text = (REPOSITORY / "docs" / document).read_text()
    return "set -eu\n" + "\n".join(re.findall(r"^```sh\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE))


def typed(document: str, environment: Environment, folder: Path) -> subprocess.CompletedProcess[str]:
    """Type what a page says, where ./scripts/manage and var/demo.env are those of the tests' environment."""
    manage = folder / "scripts" / "manage"
    manage.parent.mkdir()
    manage.write_text(
        "#!/bin/sh\nservice=$1; shift\n"
        f'export STATE_DIR="{environment.root}/$service"\n'
        f'exec "{sys.executable}" "{REPOSITORY}/$service/manage.py" "$@"\n'
    )
    manage.chmod(0o755)
    (folder / "var").symlink_to(environment.root)
    return subprocess.run(
        ["sh", "-c", commands_of(document)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.clause("RFC 7030 §4.2")
def test_a_partner_is_taken_on_by_the_commands_of_the_page(environment: Environment, tmp_path: Path) -> None:
    played = typed("take-on-a-partner.md", environment, tmp_path)

    assert played.returncode == 0, played.stderr
    assert '"name":"Partner Ltd, payroll"' in played.stdout
    old, new = (
        (tmp_path / "var" / "acme" / name).read_text() for name in ("certificate.pem", "certificate-2.pem")
    )
    assert "BEGIN CERTIFICATE" in new
    assert old != new


@pytest.mark.clause("RFC 8705 §3")
def test_one_s_own_client_calls_by_the_commands_of_the_page(environment: Environment, tmp_path: Path) -> None:
    played = typed("integrate.md", environment, tmp_path)
    assert played.returncode == 0, played.stdout + played.stderr
    assert '"mtls_endpoint_aliases"' in played.stdout
    assert played.stdout.count('{"accounts": [') + played.stdout.count('{"accounts":[') == 3
    assert "no issues" in played.stdout + played.stderr


def test_the_page_about_foreign_servers_has_the_settings_that_were_tried_with_one() -> None:
    page = (REPOSITORY / "docs" / "integrate.md").read_text()
    _, of_bank, _ = HABITS["RS256, by OpenID, no RFC 9068"]
    assert of_bank
    for name, value in of_bank.items():
        assert f"\n{name}={value}\n" in page
    for _, bank, partner in HABITS.values():
        for name in (*bank, *partner):
            assert f"`{name}`" in page or f"`{name}," in page, name
