"""Coverage, collected by every process of the tests and by the services that they start."""

import subprocess
import sys

# In place of ``python -m``: what each process reaches goes to a file of its own (pyproject.toml).
MEASURING = (sys.executable, "-m", "coverage", "run", "--module")


def write() -> None:
    """Print how much of each package the tests reached, and write ``var/coverage/index.html``."""
    for command in (["combine", "--quiet"], ["report"], ["html", "--quiet"]):
        subprocess.run([sys.executable, "-m", "coverage", *command], check=True)
