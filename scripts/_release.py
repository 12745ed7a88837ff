"""Release the version in pyproject.toml. For scripts/release.

The version and its section of the changelog are committed before, like any other change. Everything that
is wrong with them or with the work tree is reported at once, before anything is built. The tag is set last.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BRANCH = "main"
IMAGE = "sender-constraint-workshop"


class ReleaseFailed(Exception):
    """The message says what is wrong and what to do."""


def main(*, dry_run: bool) -> int:
    """Release, or only try. Returns the exit status."""
    version = str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])
    changelog = (ROOT / "CHANGELOG.md").read_text()
    try:
        if problems := [*problems_of_repository(version), *problems_of_changelog(changelog, version)]:
            raise ReleaseFailed("\n".join(problems))
        if dry_run:
            with tempfile.TemporaryDirectory() as folder:
                build_wheel(Path(folder), version)
            print(f"{version} can be released: no image was built, no tag was set.")
            return 0
        wheel = build_wheel(ROOT / "dist", version)
        run("docker", "build", "--quiet", "--tag", f"{IMAGE}:{version}", ".")
        notes = section(changelog, version)
        run(
            "git",
            "tag",
            "--annotate",
            f"v{version}",
            "--cleanup=verbatim",
            "--message",
            f"{version}\n\n{notes}",
        )
    except ReleaseFailed as reason:
        print(f"release: {reason}", file=sys.stderr)
        return 1
    built = wheel.relative_to(ROOT)
    print(
        f"released {version}: {built}, the image {IMAGE}:{version}, and the tag v{version}.\n"
        "Nothing is published yet:\n"
        f"  git push origin v{version}\n"
        f"  .venv/bin/twine upload {built}\n"
        f"  docker push REGISTRY/{IMAGE}:{version}, after docker tag"
    )
    return 0


def problems_of_repository(version: str) -> Iterator[str]:
    """What in git speaks against a release, each with the next step."""
    branch = run("git", "branch", "--show-current").strip()
    if branch != BRANCH:
        yield f"this is the branch {branch or '(none)'}. Next: git switch {BRANCH}"
    if changed := run("git", "status", "--porcelain").splitlines():
        yield f"{len(changed)} uncommitted changes, such as {changed[0][3:]}. Next: commit or stash them."
    if run("git", "tag", "--list", f"v{version}").strip():
        yield f"the tag v{version} exists already. Next: raise the version in pyproject.toml."


def problems_of_changelog(changelog: str, version: str) -> Iterator[str]:
    """What in the changelog speaks against a release, each with the next step."""
    if not section(changelog, version):
        yield f"CHANGELOG.md has no section '## {version} - YYYY-MM-DD' with entries. Next: write it."
    if section(changelog, "Unreleased"):
        yield f"CHANGELOG.md has unreleased entries. Next: move them into the section of {version}."


def section(changelog: str, version: str) -> str:
    """The entries of a version, without its heading; empty if there are none."""
    dated = r"" if version == "Unreleased" else r" - \d{4}-\d{2}-\d{2}"
    found = re.search(
        rf"^## {re.escape(version)}{dated}\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    return found[1].strip() if found else ""


def build_wheel(folder: Path, version: str) -> Path:
    """Build the wheel into a folder and check its metadata. Two builds of one commit are the same bytes."""
    committed = run("git", "log", "-1", "--format=%ct").strip()
    run("scripts/wheel", str(folder), environment={"SOURCE_DATE_EPOCH": committed})
    wheel = folder / f"sender_constraint-{version}-py3-none-any.whl"
    run(sys.executable, "-m", "twine", "check", "--strict", str(wheel))
    return wheel


def run(*command: str, environment: dict[str, str] | None = None) -> str:
    """The output of a command. Raises ReleaseFailed with the end of it if the command fails."""
    try:
        done = subprocess.run(  # noqa: S603 - the commands above
            command,
            cwd=ROOT,
            env=os.environ | (environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise ReleaseFailed(
            f"{command[0]} is not installed. Next: install it, then run this again."
        ) from None
    if done.returncode:
        name = " ".join([Path(command[0]).name, *command[1:3]])
        raise ReleaseFailed(f"{name} failed:\n{done.stdout[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    try:
        sys.exit(main(dry_run="--dry-run" in sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
