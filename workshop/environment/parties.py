"""Who takes part, what their processes are told, and which names the authority certifies for whom."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from workshop.environment.deployment import STATES, Deployment
from workshop.environment.ports import Ports

REPOSITORY = Path(__file__).resolve().parents[2]

# A worker looks at least this often: a laptop that slept wakes up with expired certificates.
LONGEST_RENEWAL_CHECK_SECONDS = 60


@dataclass(frozen=True)
class Participant:
    """Somebody whom the authority knows, and what its certificate may say.

    state: the folder of the party that enrols under this name. purpose: ``client`` or ``server``.
    """

    name: str
    state: str
    purpose: str
    subject: str
    dns_name: str
    uri: str = ""


PARTICIPANTS = (
    Participant("ca", "ca", "server", "CN=ca,O=Scheme Operator,C=GB", "localhost"),
    Participant("authserver", "authserver", "server", "CN=authserver,O=Bank plc,C=GB", "localhost"),
    Participant("bank-api", "bank_api", "server", "CN=bank-api,O=Bank plc,C=GB", "localhost"),
    Participant(
        "partner", "partner_client", "client", "CN=partner,O=Partner Ltd,C=GB",
        "partner.example", "urn:example:partner",
    ),
    Participant(
        "other-partner", "other_partner", "client", "CN=other-partner,O=Other Partner Ltd,C=GB",
        "other-partner.example", "urn:example:other-partner",
    ),
    Participant(
        "thief", "thief", "client", "CN=thief,O=Thief Ltd,C=GB",
        "thief.example", "urn:example:thief",
    ),
)  # fmt: skip

# Which organisation's Redis a service uses; each has a server and a password of its own.
ORGANISATIONS = {
    "ca": "operator",
    "authserver": "bank",
    "bank_api": "bank",
    "partner_client": "partner",
    "other_partner": "other_partner",
}


def participant_of(state: str) -> Participant:
    """The participant that the party with this state folder is."""
    return next(participant for participant in PARTICIPANTS if participant.state == state)


@dataclass(frozen=True)
class Parties:
    """All parties on this machine: their folders under ``root``, their ports, their settings."""

    root: Path
    ports: Ports
    certificate_lifetime_seconds: int

    def state(self, party: str) -> Path:
        """The state directory of a party."""
        return self.root / party

    def deployment(self) -> Deployment:
        """What others may know of this environment."""
        return Deployment(
            issuer=f"https://localhost:{self.ports.authserver}",
            api_url=f"https://localhost:{self.ports.bank_api}",
            ca_url=f"https://localhost:{self.ports.ca}",
            ca_public_url=f"http://localhost:{self.ports.ca_public}",
            partner_url=f"http://localhost:{self.ports.partner_client}",
            trust_bundle=self.root / "public" / "trust-bundle.pem",
            states={party: self.state(party) for party in STATES},
            audits={party: self.state(party) / "audit" for party in STATES},
            certificate_lifetime_seconds=self.certificate_lifetime_seconds,
        )

    def make_folders(self) -> None:
        """The state directories, each for its owner alone, and the public folder."""
        for party in STATES:
            for folder in (self.state(party), self.state(party) / "log", self.state(party) / "audit"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.root / "public").mkdir(parents=True, exist_ok=True)

    def write_settings(self, redis_passwords: dict[str, str]) -> None:
        """Each service's ``service.env``, mode 0600. redis_passwords: by organisation."""
        for service, organisation in ORGANISATIONS.items():
            port = getattr(self.ports, f"redis_{organisation}")
            redis = {"REDIS_URL": f"redis://:{redis_passwords[organisation]}@localhost:{port}/0"}
            lines = [f"{name}={value}" for name, value in (self._settings(service) | redis).items()]
            comment = "# Written anew at every start. A variable of the process's environment wins over it."
            write_private(self.state(service) / "service.env", "\n".join([comment, *lines, ""]))

    def write_participants(self) -> Path:
        """The list that the authority loads, and a one-time secret for everyone without a certificate."""
        entries = []
        for participant in PARTICIPANTS:
            state = self.state(participant.state)
            secret = state / "enrolment" / f"{participant.purpose}.secret"
            enrolled = (state / "certificates" / participant.purpose / "current").exists()
            if not enrolled and not secret.exists():
                write_private(secret, secrets.token_urlsafe(32))
            entries.append(participant_entry(participant, secret))
        return write_private(self.state("ca") / "participants.json", json.dumps(entries, indent=2))

    def _settings(self, service: str) -> dict[str, str]:
        deployment = self.deployment()
        lifetime = self.certificate_lifetime_seconds
        participant = participant_of(service)
        common = {
            "TRUST_BUNDLE": str(deployment.trust_bundle),
            "EST_URL": f"{deployment.ca_url}/.well-known/est",
            "PARTICIPANT": participant.name,
            "CERTIFICATE_SUBJECT": participant.subject,
            "CERTIFICATE_SAN_DNS": participant.dns_name,
            "CERTIFICATE_SAN_URI": participant.uri,
            "RENEWAL_CHECK_SECONDS": str(max(1, min(lifetime // 30, LONGEST_RENEWAL_CHECK_SECONDS))),
            "DEMO": "true",
        }
        return common | self._own_settings(service, deployment)

    def _own_settings(self, service: str, deployment: Deployment) -> dict[str, str]:
        match service:
            case "ca":
                return {
                    "PUBLIC_ORIGIN": deployment.ca_url,
                    "BIND": f"127.0.0.1:{self.ports.ca}",
                    "PUBLIC_BIND": f"127.0.0.1:{self.ports.ca_public}",
                    "CERTIFICATE_LIFETIME_SECONDS": str(self.certificate_lifetime_seconds),
                }
            case "authserver":
                return {
                    "ISSUER": deployment.issuer,
                    "BIND": f"127.0.0.1:{self.ports.authserver}",
                    "RESOURCES": f"{deployment.api_url},https://other-api.example",
                }
            case "bank_api":
                return {
                    "ISSUER": deployment.issuer,
                    "RESOURCE": deployment.api_url,
                    "BIND": f"127.0.0.1:{self.ports.bank_api}",
                }
            case _:
                return {
                    "ISSUER": deployment.issuer,
                    "API_URL": deployment.api_url,
                    "CLIENT_ID": participant_of(service).name,
                    "BIND": f"127.0.0.1:{self.ports.partner_client}",
                }


def participant_entry(participant: Participant, secret: Path) -> dict[str, object]:
    """A participant as ``ca/manage.py participant load`` reads it."""
    return {
        "name": participant.name,
        "profile": participant.purpose,
        "subject": participant.subject,
        "san_dns": [participant.dns_name],
        "san_uri": [participant.uri] if participant.uri else [],
        "secret_file": str(secret),
    }


def write_private(file: Path, text: str) -> Path:
    """Write a file of mode 0600, whole or not at all, and return it."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text)
    return new.replace(file)
