"""The sequence of commands that docs/integrate.md gives for a foreign server, typed against one."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from operations.settings.environment import REPOSITORY
from tests.foreign.authorization_server import placed
from tests.foreign.test_in_place_of_ours import arranged
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.responder import Responder

HEADING = "### The partner at a foreign server, step by step"


def blocks(language: str) -> list[str]:
    """The blocks of one language in the section."""
    text = (REPOSITORY / "docs" / "integrate.md").read_text()
    section = text.partition(HEADING)[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)


def settings_of(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines())


@pytest.mark.parametrize(
    ("habits", "by_certificate"),
    [("private_key_jwt and DPoP", False), ("PS256, by RFC 8414", True)],
    ids=["keys alone", "certificate"],
)
def test_the_printed_sequence_leads_to_the_accounts(
    tmp_path: Path, scheme: Authority, responder: Responder, habits: str, by_certificate: bool
) -> None:
    by_keys, certificate = map(settings_of, blocks("ini"))
    settings = {**by_keys, **(certificate if by_certificate else {})}
    with arranged(tmp_path, scheme, responder, habits) as arrangement:
        own = placed(scheme, tmp_path, "elsewhere")
        # What the page calls other.example, and files in /etc.
        here = {
            "ISSUER": arrangement.server.issuer,
            "API_URL": arrangement.origin,
            "RESOURCE": arrangement.origin,
            "TRUST_BUNDLE": str(tmp_path / "bundle.pem"),
            "CLIENT_CERTIFICATE_FILE": str(own.certificate),
            "CLIENT_KEY_FILE": str(own.private_key),
        }
        state = tmp_path / "var" / "elsewhere"
        state.mkdir(parents=True)
        lines = (f"{name}={here.get(name, value)}\n" for name, value in settings.items())
        (state / "service.env").write_text("".join(lines))
        (tmp_path / "scripts").mkdir()
        manage = tmp_path / "scripts" / "manage"
        manage.write_text(f'#!/bin/sh\nexec "{REPOSITORY}/scripts/manage" "$@"\n')
        manage.chmod(0o755)
        (commands,) = blocks("console")
        typed = subprocess.run(
            ["sh", "-e", "-c", re.sub(r"^\$ ", "", commands, flags=re.MULTILINE)],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert typed.returncode == 0, typed.stdout + typed.stderr
        assert "Partner Ltd, current account" in typed.stdout
        assert ("the settings declare no certificate" in typed.stdout) == (not by_certificate)
        assert ('"alg": "ES256"' in typed.stdout) == (not by_certificate)
        asked = arrangement.server.with_certificate.asked
        assert bool(asked) == by_certificate
