"""Who takes part, what their processes are told, and which names the authority certifies for whom."""

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from workshop.environment import own_clients
from workshop.environment.deployment import STATES, Deployment
from workshop.private_files import write_private

# A worker looks at least this often: a laptop that slept wakes up with expired certificates.
LONGEST_RENEWAL_CHECK_SECONDS = 60


@dataclass(frozen=True)
class Participant:
    """Somebody whom the authority knows, and what its certificate may say.

    state: the folder of the party that enrols under this name. purpose: ``client`` or ``server``.
    dns_name: a client's; a server has those of its address.
    """

    name: str
    state: str
    purpose: str
    subject: str
    dns_name: str = ""
    uri: str = ""


PARTICIPANTS = (
    Participant("ca", "ca", "server", "CN=ca,O=Scheme Operator,C=GB"),
    Participant("authserver", "authserver", "server", "CN=authserver,O=Bank plc,C=GB"),
    Participant("bank-api", "bank_api", "server", "CN=bank-api,O=Bank plc,C=GB"),
    # By this one the API asks the authorization server about opaque tokens.
    Participant(
        "bank-api-client", "bank_api", "client", "CN=bank-api-client,O=Bank plc,C=GB", "bank-api.example",
    ),
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

# It certifies itself, so that nobody admits it.
AUTHORITY = "ca"

SERVICES = ("ca", "authserver", "bank_api", "partner_client", "other_partner")

# Which organisation's Redis a service uses, and the database in it: two services of one organisation would
# take each other's work out of one. Each organisation has a server and a password of its own.
ORGANISATIONS = {
    "ca": ("operator", 0),
    "authserver": ("bank", 0),
    "bank_api": ("bank", 1),
    "partner_client": ("partner", 0),
    "other_partner": ("other_partner", 0),
}


def organisations() -> list[str]:
    """The names of all organisations that run something."""
    return sorted({organisation for organisation, _ in ORGANISATIONS.values()})


def participant_of(state: str) -> Participant:
    """The participant that the party with this state folder is."""
    return next(participant for participant in PARTICIPANTS if participant.state == state)


@dataclass(frozen=True)
class Parties:
    """What all parties keep and are told, on one machine or in containers.

    deployment: addresses and folders. binds: by service, where it listens (``host:port``); ``ca_public`` is
    what the authority publishes in the clear, ``<service>_pages`` are a service's pages for people.
    """

    deployment: Deployment
    binds: Mapping[str, str]

    def state(self, party: str) -> Path:
        """The state directory of a party."""
        return self.deployment.states[party]

    def make_folders(self) -> None:
        """The state directories, each for its owner alone, and the public folder."""
        for party in STATES:
            for folder in (self.state(party), self.state(party) / "log"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.deployment.trust_bundle.parent.mkdir(parents=True, exist_ok=True)

    def write_settings(self, connections: Mapping[str, Mapping[str, str]]) -> None:
        """Each service's ``service.env``, mode 0600. connections: those with passwords, by service."""
        for service in SERVICES:
            settings = self._settings(service) | dict(connections[service])
            lines = [f"{name}={value}" for name, value in settings.items()]
            comment = "# Written anew at every start. A variable of the process's environment wins over it."
            write_private(self.state(service) / "service.env", "\n".join([comment, *lines, ""]))

    def write_participants(self) -> Path:
        """The list that the authority loads, and a one-time secret for everyone without a certificate.

        A secret is handed to both sides: neither looks into the other's folder.
        """
        entries = []
        for participant in PARTICIPANTS:
            if participant.name == AUTHORITY:
                continue
            state = self.state(participant.state)
            theirs = state / "enrolment" / f"{participant.purpose}.secret"
            authoritys = self.state("ca") / "admissions" / f"{participant.name}.secret"
            if (state / "certificates" / participant.purpose / "current").exists():
                # The authority leaves those alone whom it knows and for whom there is no new secret.
                authoritys.unlink(missing_ok=True)
            elif not (theirs.exists() and authoritys.exists()):
                secret = secrets.token_urlsafe(32)
                write_private(theirs, secret)
                write_private(authoritys, secret)
            entries.append(
                {
                    "name": participant.name,
                    "profile": participant.purpose,
                    "subject": participant.subject,
                    "san_dns": self._dns_names(participant),
                    "san_uri": [participant.uri] if participant.uri else [],
                    "secret_file": str(authoritys),
                }
            )
        return write_private(self.state("ca") / "participants.json", json.dumps(entries, indent=2))

    def write_own_clients(self) -> None:
        """The audience's keys, made once; and what its clients register, for the authorization server."""
        folder, fapi2 = self.state("own_client"), self.deployment.profile == "fapi2"
        for metadata in own_clients.registrations(folder, self._resources(), fapi2=fapi2):
            file = self.state("authserver") / "registrations" / f"{metadata['client_id']}.json"
            write_private(file, json.dumps(metadata, indent=2))

    def forget_certificates(self) -> None:
        """Everybody enrols anew: what they hold is not what is issued now."""
        for party in STATES:
            shutil.rmtree(self.state(party) / "certificates", ignore_errors=True)

    def _settings(self, service: str) -> dict[str, str]:
        deployment, participant = self.deployment, participant_of(service)
        lifetime = deployment.certificate_lifetime_seconds
        common = {
            "DEMO": "true",
            "PROFILE": deployment.profile,
            "ALLOWED_HOSTS": ",".join(["127.0.0.1", *self._host_names(service)]),
            "AUDIT_DIR": str(deployment.audits[service]),
            "TRUST_BUNDLE": str(deployment.trust_bundle),
            "EST_URL": f"{deployment.ca_url}/.well-known/est",
            "OCSP_URL": f"{deployment.ca_public_url}/ocsp",
            "PARTICIPANT": participant.name,
            "CERTIFICATE_SUBJECT": participant.subject,
            "CERTIFICATE_SAN_DNS": ",".join(self._dns_names(participant)),
            "CERTIFICATE_SAN_URI": participant.uri,
            "RENEWAL_CHECK_SECONDS": str(max(1, min(lifetime // 30, LONGEST_RENEWAL_CHECK_SECONDS))),
        }
        if service in self.binds:
            common["BIND"] = self.binds[service]
        if pages := self._pages(service):
            common["PAGES_BIND"] = self.binds[f"{service}_pages"]
            common["PAGES_HOSTS"] = urlsplit(pages).hostname or ""
        return common | self._own_settings(service)

    def _own_settings(self, service: str) -> dict[str, str]:
        deployment = self.deployment
        match service:
            case "ca":
                return {
                    "PUBLIC_ORIGIN": deployment.ca_url,
                    "STATUS_ORIGIN": deployment.ca_public_url,
                    "PUBLIC_BIND": self.binds["ca_public"],
                    "CERTIFICATE_LIFETIME_SECONDS": str(deployment.certificate_lifetime_seconds),
                }
            case "authserver":
                return {
                    "ISSUER": deployment.issuer,
                    "RESOURCES": ",".join(self._resources()),
                    "SOFTWARE_STATEMENT_ISSUER": f"{deployment.ca_url}/directory",
                    "SOFTWARE_STATEMENT_JWKS": f"{deployment.ca_url}/directory/jwks",
                    "DEMO_REGISTRATIONS": str(self.state("authserver") / "registrations"),
                }
            case "bank_api":
                return {
                    "ISSUER": deployment.issuer,
                    "RESOURCE": deployment.api_url,
                    "ACCEPT_FOREIGN_CERTIFICATES": "self-signed",
                }
            case _:
                return {
                    "ISSUER": deployment.issuer,
                    "API_URL": deployment.api_url,
                    "CLIENT_ID": participant_of(service).name,
                }

    def _resources(self) -> list[str]:
        """For which APIs tokens are issued: ours, and one that nobody runs."""
        return [self.deployment.api_url, "https://other-api.example"]

    def _pages(self, service: str) -> str:
        """The address of a service's pages for people; empty where it has none of their own."""
        addresses = {
            "ca": self.deployment.ca_pages_url,
            "authserver": self.deployment.authserver_pages_url,
            "bank_api": self.deployment.bank_pages_url,
        }
        return addresses.get(service, "")

    def _dns_names(self, participant: Participant) -> list[str]:
        """A server's certificate names the hosts by which it is called; a client's, the client."""
        return [participant.dns_name] if participant.dns_name else self._host_names(participant.state)

    def _host_names(self, service: str) -> list[str]:
        """By what names a service is called: from this machine, and in its address."""
        addresses = {
            "ca": self.deployment.ca_url,
            "authserver": self.deployment.issuer,
            "bank_api": self.deployment.api_url,
            "partner_client": self.deployment.partner_url,
        }
        called = urlsplit(addresses.get(service, "")).hostname
        return ["localhost", *([called] if called and called != "localhost" else [])]
