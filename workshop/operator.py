"""The scheme's operator at work on this machine: commands of the certificate authority."""

import subprocess
import sys
from pathlib import Path

from sender_constraint.certificates.csr import RequestedNames
from sender_constraint.server.environment import REPOSITORY
from workshop.environment.deployment import Deployment
from workshop.environment.supervision import clean_environment


def admit(deployment: Deployment, participant: str, names: RequestedNames, secret_file: Path) -> str:
    """Admit a participant, or give a known one a new secret; returns the secret.

    Raises LookupError where the authority is not on this machine.
    """
    arguments = ["participant", "add", participant, "--profile", "client", "--subject", names.subject]
    arguments += [argument for name in names.dns for argument in ("--san-dns", name)]
    run(deployment, [*arguments, "--secret-file", str(secret_file)])
    return secret_file.read_text().strip()


def run(deployment: Deployment, arguments: list[str]) -> str:
    """Run a command of the certificate authority; what it prints.

    Raises LookupError where the authority is not on this machine, or the command fails.
    """
    state = deployment.states["ca"]
    if not state.exists():
        raise LookupError("the certificate authority is not on this machine")
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "workshop.environment.management", "ca", *arguments],
        cwd=REPOSITORY,
        env=clean_environment(state.parent) | {"STATE_DIR": str(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LookupError(f"ca {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
