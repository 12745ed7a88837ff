"""Make .venv from a locked requirements file, by hash, wheels only. Called by _environment.sh.

Safe to kill at any line: what is complete is recorded last, and what is not recorded is made anew.
Two at once are harmless: the second waits for the first, and then finds nothing to do.
"""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
INSTALLED = VENV / ".installed"
LOG = ROOT / "var" / "log" / "install.log"
PYTHON = VENV / "bin" / "python"

# development is a superset of embedded: one installation serves both.
CONTAINED = {"embedded": ("embedded",), "development": ("development", "embedded")}

# What pip says where it reaches no index. Every package is locked, so that an index without any version of
# one is none.
NETWORK_TROUBLE = (
    "NewConnectionError",
    "name resolution",
    "ConnectTimeoutError",
    "Network is unreachable",
    "ProxyError",
    "(from versions: none)",
)


def main(requirements: str) -> int:
    """Install ``requirements`` (embedded or development). Returns the exit status."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with (LOG.parent / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_installed(requirements):
            return 0
        begin()
        if install(requirements):
            record(requirements)
            return 0
        return 1


def is_installed(requirements: str) -> bool:
    """Whether another process installed it while this one waited for the lock."""
    copy = INSTALLED / f"{requirements}.txt"
    return PYTHON.exists() and copy.exists() and copy.read_bytes() == locked(requirements).read_bytes()


def locked(requirements: str) -> Path:
    """The locked requirements file."""
    return ROOT / "requirements" / f"{requirements}.txt"


def begin() -> None:
    """An environment into which the packages can go: the present one if it is whole, otherwise a new one."""
    if INSTALLED.exists() and not (same_python() and any(INSTALLED.glob("*.txt"))):
        shutil.rmtree(VENV)
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for copy in INSTALLED.iterdir():
        copy.unlink()
    if not PYTHON.exists():
        say("making .venv")
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)  # noqa: S603 - our own interpreter


def same_python() -> bool:
    """Whether .venv still runs, and on the Python that it was made with."""
    try:
        version = subprocess.run(  # noqa: S603 - the Python of .venv
            [PYTHON, "-c", "import sys; print(sys.version)"], capture_output=True, text=True
        )
        return (
            version.returncode == 0 and version.stdout.strip() == (INSTALLED / "python").read_text().strip()
        )
    except OSError:
        return False


def install(requirements: str) -> bool:
    """Run pip, showing one line of progress and keeping all of its output in a log."""
    total = sum(1 for line in locked(requirements).read_text().splitlines() if "==" in line)
    command = [
        str(PYTHON), "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:", "--no-deps",
        "--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--retries", "2",
        "-r", str(locked(requirements)),
    ]  # fmt: skip
    say(f"installing {total} packages into .venv, locked by version and hash (log: {LOG})")
    seen = 0
    with (
        LOG.open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip,  # noqa: S603 - the Python of .venv
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


def record(requirements: str) -> None:
    """Write down what is complete: copies of the requirements, which the next start compares."""
    (INSTALLED / "python").write_text(sys_version())
    for contained in CONTAINED[requirements]:
        shutil.copyfile(locked(contained), INSTALLED / f"{contained}.txt.new")
        (INSTALLED / f"{contained}.txt.new").replace(INSTALLED / f"{contained}.txt")


def sys_version() -> str:
    """The version line of the Python in .venv, which need not be the one that runs this."""
    return subprocess.run(  # noqa: S603 - the Python of .venv
        [PYTHON, "-c", "import sys; print(sys.version)"], capture_output=True, text=True, check=True
    ).stdout


def explain(requirements: str) -> None:
    """Say what went wrong and what to do next; pip's own words are in the log."""
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
            "Its reason is at the end of the log; run this again after mending it.",
        )
    print(f"{reason}\n  {step}\n  The log: {LOG}", file=sys.stderr)


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
