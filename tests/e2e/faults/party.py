"""A participant of its own, whose certificate turns without harm to anybody else."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from operations.settings.environment import REPOSITORY
from sender_constraint.certificates.csr import RequestedNames
from sender_constraint.certificates.enrolment import ensure_generation
from sender_constraint.certificates.est import EstClient
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.issuance import EstIssuer
from sender_constraint.certificates.renewal import RenewalOutcome
from tests.e2e.faults.observing import standing_alarm
from tests.e2e.registering import manage
from workshop.environment.deployment import Deployment

COUNT = """
SELECT count(*) FROM register_issuedcertificate
JOIN register_enrolment ON register_enrolment.id = enrolment_id
JOIN register_participant ON register_participant.id = participant_id
WHERE register_participant.name = ?
"""


@dataclass(frozen=True)
class Party:
    """A participant with a state directory, which may lie anywhere, and the partner's own code.

    authority: the origin at which it knows the authority, if it is not where everybody does.
    """

    deployment: Deployment
    name: str
    state: Path
    authority: str | None = None

    @property
    def subject(self) -> str:
        """Its distinguished name, RFC 4514."""
        return f"CN={self.name},O=Fault Ltd,C=GB"

    @property
    def store(self) -> GenerationStore:
        """Where its certificate is."""
        return GenerationStore(self.state / "certificates" / "client")

    @property
    def secret_file(self) -> Path:
        """Where its one-time secret is delivered."""
        return self.state / "enrolment" / "client.secret"

    @property
    def issuer(self) -> EstIssuer:
        """The authority, over EST."""
        trust = self.deployment.trust_bundle
        est = EstClient(self._est_url, trust)
        return EstIssuer(est, RequestedNames(self.subject), self.name, self.secret_file, trust)

    def admit(self) -> None:
        """As the operators of both sides do; then it has its first certificate."""
        secret = self.secret_file
        secret.parent.mkdir(parents=True, mode=0o700)
        command = ["participant", "add", self.name, "--profile", "client", "--subject", self.subject]
        arguments = [sys.executable, "ca/manage.py", *command, "--secret-file", str(secret)]
        manage(self.deployment, "ca", arguments)
        outcome = self.ensure()
        assert outcome.error is None, outcome.error

    def ensure(self, store: GenerationStore | None = None) -> RenewalOutcome:
        """One look at the store, here."""
        return ensure_generation(store or self.store, self.issuer)

    def moved_to(self, state: Path) -> "Party":
        """The same with another state directory."""
        return replace(self, state=state)

    def certificates(self) -> int:
        """How many the authority has issued to it."""
        register = sqlite3.connect(self.deployment.states["ca"] / "database.sqlite3", timeout=30)
        with contextlib.closing(register) as connection:
            (count,) = connection.execute(COUNT, (self.name,)).fetchone()
        return int(count)

    def look(self, **limits: int) -> subprocess.CompletedProcess[str]:
        """One run of the background task, in a process of its own. limits: of ``resource.setrlimit``."""
        task = "from operations.certificates.renewal import renew_certificates as t; t.apply(throw=True)"
        lowered = "".join(
            f"import resource; resource.setrlimit(resource.{name}, ({value}, {value})); "
            for name, value in limits.items()
        )
        start = "import django; django.setup(); "
        return subprocess.run(
            [sys.executable, "-c", start + lowered + task],
            cwd=REPOSITORY,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def alarm(self) -> dict[str, Any]:
        """The alarm of its certificate that stands; empty if none does."""
        return standing_alarm(self.state, "certificate-client")

    @property
    def _est_url(self) -> str:
        return f"{self.authority or self.deployment.ca_url}/.well-known/est"

    def _environment(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "partner_client.settings",
            "STATE_DIR": str(self.state),
            "SECRET_KEY": "of no use",
            "PARTICIPANT": self.name,
            "CERTIFICATE_SUBJECT": self.subject,
            "CERTIFICATE_SAN_DNS": "",
            "CERTIFICATE_SAN_URI": "",
            "EST_URL": self._est_url,
            "OCSP_URL": f"{self.deployment.ca_public_url}/ocsp",
            "TRUST_BUNDLE": str(self.deployment.trust_bundle),
        }
