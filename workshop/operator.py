"""The scheme's operator at work on this machine: commands of the certificate authority."""

import subprocess
import sys
from pathlib import Path

from cryptography import x509

from operations.settings.environment import REPOSITORY
from sender_constraint.certificates.csr import RequestedNames
from workshop.environment.deployment import Deployment
from workshop.environment.supervision import clean_environment

REASON = "keyCompromise"


def admit(deployment: Deployment, participant: str, names: RequestedNames, secret_file: Path) -> str:
    """Admit a participant, or give a known one a new secret; returns the secret.

    Raises LookupError where the authority is not on this machine.
    """
    arguments = ["participant", "add", participant, "--profile", "client", "--subject", names.subject]
    arguments += [argument for name in names.dns for argument in ("--san-dns", name)]
    run(deployment, [*arguments, "--secret-file", str(secret_file)])
    return secret_file.read_text().strip()


def is_here(deployment: Deployment) -> bool:
    """Whether the authority is on this machine, so that its operator can be played."""
    return (deployment.states["ca"] / "service.env").exists()


def revoke(deployment: Deployment, certificate: x509.Certificate) -> str:
    """Revoke a certificate whose key somebody else has; what the command prints. Raises LookupError."""
    return run(deployment, ["revoke", f"{certificate.serial_number:x}", "--reason", REASON])


def new_secret(deployment: Deployment, participant: str, secret_file: Path) -> str:
    """Make a new one-time secret for somebody who took part before; returns what the command prints.

    secret_file: where the secret is written; there is none yet. Raises LookupError.
    """
    return run(deployment, ["participant", "secret", participant, "--secret-file", str(secret_file)])


def run(deployment: Deployment, arguments: list[str]) -> str:
    """Run a command of the certificate authority; what it prints.

    Raises LookupError where the authority is not on this machine, or the command fails.
    """
    state = deployment.states["ca"]
    if not is_here(deployment):
        raise LookupError("the certificate authority is not on this machine")
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "workshop.environment.management", "ca", *arguments],
        cwd=REPOSITORY,
        env=clean_environment(state.parent) | {"STATE_DIR": str(state)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        (*_, last) = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise LookupError(f"./scripts/manage ca {' '.join(arguments)}: {last}")
    return done.stdout
