"""A reader who types what a page of the documentation says, in the environment that the tests started."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from operations.settings.environment import REPOSITORY


def commands_of(document: str, heading: str = "") -> str:
    """All blocks of shell commands of a page, or of one section, as a script that ends where one fails."""
    text = (REPOSITORY / "docs" / document).read_text()
    if heading:
        _, found, rest = text.partition(f"\n{heading}\n")
        assert found, f"{document} has no section {heading!r}"
        text = re.split(r"^#{1,3} ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    assert blocks, f"{document} has no commands below {heading!r}"
    return "set -eu\n" + "\n".join(blocks)


@dataclass(frozen=True)
class Reader:
    """root: where the services keep their state. folder: in it ./scripts/manage and var/ lead there."""

    root: Path
    folder: Path

    def __post_init__(self) -> None:
        manage = self.folder / "scripts" / "manage"
        manage.parent.mkdir(parents=True)
        manage.write_text(
            "#!/bin/sh\nservice=$1; shift\n"
            f'export STATE_DIR="{self.root}/$service"\n'
            f'exec "{sys.executable}" "{REPOSITORY}/$service/manage.py" "$@"\n'
        )
        manage.chmod(0o755)
        (self.folder / "var").symlink_to(self.root)

    def types(self, script: str, **variables: str) -> str:
        """What the commands print; AssertionError if one fails."""
        played = subprocess.run(
            ["sh", "-c", script],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert played.returncode == 0, played.stdout + played.stderr
        return played.stdout
