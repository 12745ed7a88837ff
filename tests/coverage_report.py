"""Coverage: of the tests' own processes and of the programs that they start, but for a supervisor's."""

import subprocess
import sys

# In place of ``python -m``: what each process reaches goes to a file of its own (pyproject.toml).
MEASURING = (sys.executable, "-m", "coverage", "run", "--module")


def forget() -> None:
    """Delete what earlier runs collected."""
    subprocess.run([sys.executable, "-m", "coverage", "erase"], check=True)


def write() -> None:
    """Print how much of each package the tests reached, and write ``var/coverage/html/index.html``."""
    for command in (["combine", "--quiet"], ["report"], ["html", "--quiet"]):
        subprocess.run([sys.executable, "-m", "coverage", *command], check=True)
