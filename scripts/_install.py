"""Build a virtual environment from a locked requirements file, by hash, wheels only. For _environment.sh.

Each set of packages has its own environment, ``.venv-<hash>``; ``.venv`` is a link to the latest. It is
switched when the new one is complete, and an environment that a process uses is never changed or deleted. So
a failure (no network, full disk, killed at any line) changes nothing: an environment is recorded as complete
last, and built again if it is not. Concurrent installations wait for each other.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOG = ROOT / "var" / "log" / "install.log"

# development is a superset of embedded: one installation serves both.
CONTAINED = {"embedded": ("embedded",), "development": ("development", "embedded")}

# pip's output if it cannot reach an index. Every package is locked, so that an index without any version of
# one is not a package index.
NETWORK_TROUBLE = (
    "NewConnectionError",
    "name resolution",
    "ConnectTimeoutError",
    "Network is unreachable",
    "ProxyError",
    "(from versions: none)",
)
_OURS = re.compile(r"\.venv-([0-9a-f]{12}|replaced)")


def main(requirements: str) -> int:
    """Install ``requirements`` (embedded or development). Returns the exit status."""
    try:
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with (LOG.parent / "install.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            venv = installed(requirements) or build(requirements, lock)
            if venv is None:
                return 1
            switch_to(venv)
            delete_unused(venv)
    except OSError as error:
        print(
            f"the packages cannot be installed: {error}.\n  Fix that, then run this again.", file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def installed(requirements: str) -> Path | None:
    """An environment that has exactly these packages on this Python; None if there is none."""
    for venv in (VENV, *sorted(ROOT.glob(".venv-*"))):
        copy = venv / ".installed" / f"{requirements}.txt"
        if not copy.exists() or copy.read_bytes() != locked(requirements).read_bytes():
            continue
        version = (venv / ".installed" / "python").read_text().strip()
        if version_of(venv) == version and ("PYTHON" not in os.environ or version == sys.version):
            return venv.resolve()
    return None


def locked(requirements: str) -> Path:
    """The locked requirements file."""
    return ROOT / "requirements" / f"{requirements}.txt"


def version_of(venv: Path) -> str:
    """The version line of the Python in an environment; empty if it does not run."""
    try:
        said = subprocess.run(  # noqa: S603 - the Python of the environment
            [venv / "bin" / "python", "-c", "import sys; print(sys.version)"], capture_output=True, text=True
        )
    except OSError:
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""


def build(requirements: str, lock: IO[str]) -> Path | None:
    """Build an environment. Returns None if pip fails, after printing the reason and removing what was built.

    lock: inherited by pip, so that nothing is deleted while pip writes, even if this process is killed.
    """
    held = [sys.version, os.path.realpath(sys.executable), *CONTAINED[requirements]]
    content = [locked(contained).read_text() for contained in CONTAINED[requirements]]
    venv = ROOT / f".venv-{hashlib.sha256(repr((held, content)).encode()).hexdigest()[:12]}"
    if venv.exists():
        if users := in_use(venv):
            raise OSError(f"{venv} is incomplete, and in use by processes {users}")
        shutil.rmtree(venv)
    complete = False
    try:
        say(f"making a virtual environment, {venv.name}")
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, pass_fds=[lock.fileno()])  # noqa: S603 - our own interpreter
        if install(requirements, venv, lock):
            record(requirements, venv)
            complete = True
    except subprocess.CalledProcessError as error:
        raise OSError(f"{error}") from error
    finally:
        if not complete:
            shutil.rmtree(venv, ignore_errors=True)
    return venv if complete else None


def install(requirements: str, venv: Path, lock: IO[str]) -> bool:
    """Run pip, showing one line of progress and keeping all of its output in a log."""
    total = sum(1 for line in locked(requirements).read_text().splitlines() if "==" in line)
    command = [
        str(venv / "bin" / "python"), "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:",
        "--no-deps", "--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--retries", "2",
        "-r", str(locked(requirements)),
    ]  # fmt: skip
    say(f"installing {total} packages, locked by version and hash (log: {LOG})")
    seen = 0
    with (
        LOG.open("w") as log,
        subprocess.Popen(  # noqa: S603 - the Python of the environment
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=[lock.fileno()]
        ) as pip,
    ):
        assert pip.stdout is not None  # noqa: S101 - for the type checker; PIPE was asked for
        for line in pip.stdout:
            log.write(line)
            if line.startswith(("Collecting", "Requirement already satisfied", "Ignoring")):
                seen += 1
                progress(f"fetching package {seen} of {total}")
            elif line.startswith("Installing"):
                progress(f"unpacking {total} packages")
    finish_progress()
    if pip.returncode == 0:
        return True
    explain(requirements)
    return False


def record(requirements: str, venv: Path) -> None:
    """Record the environment as complete, atomically: the next start compares it with the requirements."""
    new = venv / ".installed.new"
    new.mkdir()
    (new / "python").write_text(version_of(venv) + "\n")
    for contained in CONTAINED[requirements]:
        shutil.copyfile(locked(contained), new / f"{contained}.txt")
    new.replace(venv / ".installed")


def switch_to(venv: Path) -> None:
    """Point ``.venv`` to this environment, for editors and people."""
    if VENV.resolve() == venv:
        return
    if VENV.is_dir() and not VENV.is_symlink():
        # Created in place by an earlier version: keep it while it is in use.
        if in_use(VENV):
            return
        VENV.replace(ROOT / ".venv-replaced")
    new = ROOT / ".venv.new"
    new.unlink(missing_ok=True)
    new.symlink_to(venv.name)
    new.replace(VENV)


def delete_unused(kept: Path) -> None:
    """Delete old environments that are not in use."""
    for venv in ROOT.glob(".venv-*"):
        if _OURS.fullmatch(venv.name) and venv != kept and not in_use(venv):
            shutil.rmtree(venv, ignore_errors=True)


def in_use(venv: Path) -> list[int]:
    """The IDs of processes that use an environment: by command line, program, or loaded libraries."""
    folder = os.fsencode(f"{venv}/")
    if not Path("/proc/self/maps").exists():
        listing = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, check=True)  # noqa: S607 - /bin or /usr/bin
        return [int(line.split()[0]) for line in listing.stdout.splitlines() if folder in line]
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        for file in ("cmdline", "maps"):
            try:
                if folder in (process / file).read_bytes():
                    found.append(int(process.name))
                    break
            except OSError:  # the process has ended, or is another user's
                continue
    return found


def explain(requirements: str) -> None:
    """Print the reason and the next step; pip's output is in the log."""
    words = LOG.read_text()
    if any(sign in words for sign in NETWORK_TROUBLE):
        reason, step = (
            "the package index could not be reached.",
            "Check the network (or the proxy: HTTPS_PROXY), then run this again.",
        )
    elif "No space left" in words:
        reason, step = "the disk is full.", "Free about 300 MB, then run this again."
    else:
        reason, step = (
            f"pip could not install requirements/{requirements}.txt.",
            "The reason is at the end of the log. Fix it, then run this again.",
        )
    print(f"{reason} What was installed before is unchanged.\n  {step}\n  The log: {LOG}", file=sys.stderr)


def say(text: str) -> None:
    """One line for the user, on standard error: standard output belongs to what runs afterwards."""
    print(f"setting up: {text}", file=sys.stderr, flush=True)


def progress(text: str) -> None:
    """A line that replaces itself on a terminal; elsewhere the log is progress enough."""
    if sys.stderr.isatty():
        print(f"\r\x1b[Ksetting up: {text}", end="", file=sys.stderr, flush=True)


def finish_progress() -> None:
    """End the line that replaced itself."""
    if sys.stderr.isatty():
        print(file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
