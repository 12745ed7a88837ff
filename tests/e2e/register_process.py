"""Enters certificates into the register of a running authority, through its models and under its settings.

Run as ``python -m tests.e2e.register_process`` by ``Register``, which writes a line for each certificate and
reads one when it is entered.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

from cryptography import x509

from operations.settings.environment import REPOSITORY
from tests.sender_constraint.pki import Issued
from workshop.environment.deployment import Deployment


class Register:
    """The register of one environment's authority. Its process starts when it is first needed."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._process: subprocess.Popen[str] | None = None

    def enter(self, made: Issued, issuer: Issued) -> None:
        """Enter a certificate as if this issuer had issued it now."""
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"der": made.der.hex(), "issuer": issuer.der.hex()}) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "entered\n"

    def close(self) -> None:
        """End its process."""
        if self._process is not None:
            self._process.communicate(timeout=10)
            self._process = None

    def _start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.register_process"],
            cwd=REPOSITORY,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "ca.settings",
                "STATE_DIR": str(self._deployment.states["ca"]),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def _enter_each_line() -> None:
    import django

    django.setup()

    from ca.authority.identity import identity_of
    from ca.authority.requests import public_key_digest
    from ca.register.models import IssuedCertificate, serial_text

    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        der = bytes.fromhex(order["der"])
        certificate = x509.load_der_x509_certificate(der)
        IssuedCertificate.objects.create(
            serial=serial_text(certificate),
            issuer=identity_of(x509.load_der_x509_certificate(bytes.fromhex(order["issuer"]))),
            der=der,
            profile_name="client",
            public_key_digest=public_key_digest(certificate.public_key()),
            issued_at=datetime.now(UTC),
            not_after=certificate.not_valid_after_utc,
        )
        print("entered", flush=True)


if __name__ == "__main__":
    _enter_each_line()
