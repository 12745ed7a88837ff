"""Who takes part, what their processes are told, and which names the authority certifies for whom."""

import json
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from environ import ImproperlyConfigured

from operations.settings import state_format
from workshop.environment import own_clients
from workshop.environment.deployment import STATES, Deployment
from workshop.environment.env_file import line_of, read_file
from workshop.environment.running import CannotStart
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


# On what the parties have to agree.
AGREED = ("DEMO", "EST_URL", "ISSUER", "OCSP_URL", "PROFILE", "TRUST_BUNDLE")
_NAMES = re.compile("(PARTICIPANT|CERTIFICATE_SUBJECT|CERTIFICATE_SAN_.+)")


def organisations() -> list[str]:
    """The names of all organisations that run something."""
    return sorted({organisation for organisation, _ in ORGANISATIONS.values()})


def participant_of(state: str) -> Participant:
    """The participant that the party with this state folder is."""
    return next(participant for participant in PARTICIPANTS if participant.state == state)


def _prefix(participant: Participant) -> str:
    """Of the names of its settings: the API has two certificates."""
    return "CLIENT_" if (participant.state, participant.purpose) == ("bank_api", "client") else ""


def _words(text: str) -> list[str]:
    """As the services read a setting of several words."""
    return [word.strip() for word in text.split(",") if word.strip()]


@dataclass(frozen=True)
class Parties:
    """What all parties keep and are told, on one machine or in containers.

    deployment: addresses and folders. binds: by service, where it listens (``host:port``); ``ca_public`` is
    what the authority publishes in the clear, ``<service>_pages`` are a service's pages for people.
    local: by service, settings of the user's own, which win over what is generated here.
    """

    deployment: Deployment
    binds: Mapping[str, str]
    local: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def state(self, party: str) -> Path:
        """The state directory of a party."""
        return self.deployment.states[party]

    def make_folders(self) -> None:
        """The state directories, each for its owner alone, and the public folder.

        Raises CannotStart for a directory that another version prepared in a format of its own.
        """
        for party in STATES:
            try:
                state_format.check(self.state(party))
            except ImproperlyConfigured as reason:
                raise CannotStart(str(reason)) from None
            for folder in (self.state(party), self.state(party) / "log"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.deployment.trust_bundle.parent.mkdir(parents=True, exist_ok=True)

    def write_settings(self, connections: Mapping[str, Mapping[str, str]]) -> None:
        """Each service's ``service.env``, mode 0600. connections: those with passwords, by service."""
        for service in SERVICES:
            settings = self.settings(service) | dict(connections[service]) | self.overrides(service)
            lines = [line_of(name, value) for name, value in settings.items()]
            comment = "# Written at every start. Settings of your own: local.env, see docs/integrate.md."
            write_private(self.state(service) / "service.env", "\n".join([comment, *lines, ""]))

    def overrides(self, service: str) -> dict[str, str]:
        """The settings of the user's own for a service."""
        return dict(self.local.get(service, {}))

    def notes(self) -> Iterator[str]:
        """What the user should know: settings on which parties have to agree, changed for one of them."""
        for service in SERVICES:
            for name, value in self.overrides(service).items():
                others = {
                    other: self.overrides(other).get(name, generated)
                    for other in SERVICES
                    if other != service and (generated := self.settings(other).get(name)) is not None
                }
                differing = [other for other, theirs in others.items() if theirs != value]
                if name in AGREED and differing:
                    yield f"{service}.{name} is {value}; {', '.join(differing)}: {others[differing[0]]}"

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
                    "name": self._own_name(participant, "PARTICIPANT", participant.name),
                    "profile": participant.purpose,
                    "subject": self._own_name(participant, "CERTIFICATE_SUBJECT", participant.subject),
                    "san_dns": self._own_names(participant, "DNS", self._dns_names(participant)),
                    "san_uri": self._own_names(participant, "URI", [participant.uri]),
                    "san_ip": self._own_names(participant, "IP"),
                    "san_email": self._own_names(participant, "EMAIL"),
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

    def forget_renamed_certificates(self) -> list[str]:
        """Forget certificates whose names are set differently since the last start. Returns the services.

        To be called before the settings are written. A renewal keeps the names (RFC 7030 §4.2.2).
        """
        renamed = set()
        for participant in PARTICIPANTS:
            service, prefix = participant.state, _prefix(participant)
            if service not in SERVICES:
                continue
            before = read_file(self.state(service) / "service.env")
            after = self.settings(service) | self.overrides(service)
            names = [name for name in before | after if _NAMES.fullmatch(name.removeprefix(prefix))]
            if before and any(
                before.get(name) != after.get(name) for name in names if name.startswith(prefix)
            ):
                shutil.rmtree(self.state(service) / "certificates" / participant.purpose, ignore_errors=True)
                renamed.add(service)
        return sorted(renamed)

    def forget_certificates(self) -> None:
        """Everybody enrols anew: what they hold is not what is issued now."""
        for party in STATES:
            shutil.rmtree(self.state(party) / "certificates", ignore_errors=True)

    def settings(self, service: str) -> dict[str, str]:
        """What is generated for a service."""
        deployment, participant = self.deployment, participant_of(service)
        lifetime = deployment.certificate_lifetime_seconds
        common = {
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
                    "DEMO": "true",
                    "PROFILE": deployment.profile,
                    "ISSUER": deployment.issuer,
                    "RESOURCES": ",".join(self._resources()),
                    "SOFTWARE_STATEMENT_ISSUER": f"{deployment.ca_url}/directory",
                    "SOFTWARE_STATEMENT_JWKS": f"{deployment.ca_url}/directory/jwks",
                    "DEMO_REGISTRATIONS": str(self.state("authserver") / "registrations"),
                }
            case "bank_api":
                return {
                    "DEMO": "true",
                    "PROFILE": deployment.profile,
                    "ISSUER": deployment.issuer,
                    "RESOURCE": deployment.api_url,
                    "ACCEPT_FOREIGN_CERTIFICATES": "self-signed",
                }
            case _:
                return {
                    "PROFILE": deployment.profile,
                    "ISSUER": deployment.issuer,
                    "API_URL": deployment.api_url,
                    "CLIENT_ID": participant_of(service).name,
                }

    def _own_name(self, participant: Participant, setting: str, generated: str) -> str:
        return self.overrides(participant.state).get(_prefix(participant) + setting, generated)

    def _own_names(self, participant: Participant, kind: str, generated: Sequence[str] = ()) -> list[str]:
        return _words(self._own_name(participant, f"CERTIFICATE_SAN_{kind}", ",".join(generated)))

    def _resources(self) -> list[str]:
        """For which APIs tokens are issued: ours, and one without a server; or those of the user's own."""
        generated = f"{self.deployment.api_url},https://other-api.example"
        return _words(self.overrides("authserver").get("RESOURCES", generated))

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
