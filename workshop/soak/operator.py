"""What the scheme's operator does in the soak, with its own commands."""

import os
import subprocess
import sys
from pathlib import Path

from operations.settings.environment import REPOSITORY
from sender_constraint.certificates.generations import Generation
from workshop.environment.deployment import Deployment
from workshop.private_files import write_private


class OperatorFailed(Exception):
    """A command of the operator failed. The message is what it said."""


def revoke(deployment: Deployment, generation: Generation) -> None:
    """Revoke a certificate of the partner. Raises OperatorFailed."""
    serial = f"{generation.certificate.serial_number:x}"
    _manage(deployment, "revoke", serial, "--reason", "keyCompromise")


def readmit(deployment: Deployment, folder: Path) -> None:
    """Make a new one-time secret for the partner and hand it over. Raises OperatorFailed."""
    file = folder / "partner.secret"
    file.unlink(missing_ok=True)
    _manage(deployment, "participant", "secret", "partner", "--secret-file", str(file))
    write_private(deployment.states["partner_client"] / "enrolment" / "client.secret", file.read_text())
    file.unlink()


def _manage(deployment: Deployment, *arguments: str) -> None:
    command = [sys.executable, str(REPOSITORY / "ca" / "manage.py"), *arguments]
    ended = subprocess.run(  # noqa: S603 - our own interpreter and command
        command,
        env=os.environ | {"STATE_DIR": str(deployment.states["ca"])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise OperatorFailed(f"./scripts/manage ca {' '.join(arguments)}:\n{ended.stdout}")
