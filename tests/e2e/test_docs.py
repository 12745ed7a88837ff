"""What the documentation tells its readers to type, typed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sender_constraint.server.environment import REPOSITORY
from workshop.environment.local import Environment


def commands_of(document: str) -> str:
    """All blocks of shell commands of a page, as one script that ends at the first failure."""
    text = (REPOSITORY / "docs" / document).read_text()
    return "set -eu\n" + "\n".join(re.findall(r"^```sh\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE))


@pytest.mark.clause("RFC 7030 §4.2")
def test_a_partner_is_taken_on_by_the_commands_of_the_page(environment: Environment, tmp_path: Path) -> None:
    # ./scripts/manage and var/demo.env are those of the environment that the tests started.
    manage = tmp_path / "scripts" / "manage"
    manage.parent.mkdir()
    manage.write_text(
        "#!/bin/sh\nservice=$1; shift\n"
        f'export STATE_DIR="{environment.root}/$service"\n'
        f'exec "{sys.executable}" "{REPOSITORY}/$service/manage.py" "$@"\n'
    )
    manage.chmod(0o755)
    (tmp_path / "var").symlink_to(environment.root)

    played = subprocess.run(
        ["sh", "-c", commands_of("take-on-a-partner.md")],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert played.returncode == 0, played.stderr
    assert '"name":"Partner Ltd, payroll"' in played.stdout
    old, new = (
        (tmp_path / "var" / "acme" / name).read_text() for name in ("certificate.pem", "certificate-2.pem")
    )
    assert "BEGIN CERTIFICATE" in new
    assert old != new
