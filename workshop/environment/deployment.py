"""What the story, the tests and the console know of a running environment, wherever it runs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Every party's folder under the environment's root; the last three have no service of their own project.
# "own_client" is the audience: it has keys to try each method with.
STATES = ("ca", "authserver", "bank_api", "partner_client", "other_partner", "thief", "own_client")


# What an environment keeps in its root besides.
OWN_FOLDERS = ("public", "redis", "run")
# Records for how long certificates are valid that were issued there.
LIFETIME_FILE = "certificate-lifetime"

# How long certificates are valid that ``up`` lets be issued, and at least.
DAY_SECONDS = 86400
SHORTEST_LIFETIME_SECONDS = 30


@dataclass(frozen=True)
class Deployment:
    """Addresses and folders of a running environment.

    issuer, api_url, ca_url: https origins, without a slash at the end.
    ca_public_url, partner_url: http origins of what the authority publishes in the clear, and of the partner.
    ca_pages_url, authserver_pages_url, bank_pages_url: http origins of the pages for people.
    trust_bundle: PEM file of the scheme's authorities.
    states: by party, its state directory. audits: by service, the folder of its audit.jsonl.
    certificate_lifetime_seconds: of the certificates that the authority issues.
    profile: to which all services are held: ``fapi2``; empty for none.
    """

    issuer: str
    api_url: str
    ca_url: str
    ca_public_url: str
    partner_url: str
    ca_pages_url: str
    authserver_pages_url: str
    bank_pages_url: str
    trust_bundle: Path
    states: Mapping[str, Path]
    audits: Mapping[str, Path]
    certificate_lifetime_seconds: int
    profile: str = ""

    def audit_file(self, service: str) -> Path:
        """The audit trail of ``service``, JSON lines."""
        return self.audits[service] / "audit.jsonl"

    def certificate_store(self, party: str) -> Path:
        """The folder of generations that hold the party's client certificates."""
        return self.states[party] / "certificates" / "client"

    def admin_password(self, service: str) -> Path:
        """The file with the password of the user ``admin`` of a service's admin."""
        return self.states[service] / "admin-password"

    def variables(self) -> dict[str, str]:
        """The variables of ``demo.env``: stable paths that always lead to the current generation."""
        own = self.certificate_store("partner_client") / "current"
        other = self.certificate_store("other_partner") / "current"
        certificate, key = str(own / "certificate.pem"), str(own / "private-key.pem")
        keys = self.states["own_client"]
        return {
            "ISSUER": self.issuer,
            "API_URL": self.api_url,
            "CA_URL": self.ca_url,
            "TRUST_BUNDLE": str(self.trust_bundle),
            "OCSP_URL": f"{self.ca_public_url}/ocsp",
            "CLIENT_ID": "partner",
            "CLIENT_CERTIFICATE": certificate,
            "CLIENT_KEY": key,
            "OTHER_CLIENT_ID": "other-partner",
            "OTHER_CLIENT_CERTIFICATE": str(other / "certificate.pem"),
            "OTHER_CLIENT_KEY": str(other / "private-key.pem"),
            "JWT_CLIENT_ID": "jwt-client",
            "JWT_CLIENT_JWK": str(keys / "jwt-client.jwk.json"),
            "SELF_SIGNED_CLIENT_ID": "self-signed-client",
            "SELF_SIGNED_CERTIFICATE": str(keys / "self-signed-certificate.pem"),
            "SELF_SIGNED_KEY": str(keys / "self-signed-key.pem"),
            "OPAQUE_CLIENT_ID": "opaque-client",
            "DPOP_CLIENT_ID": "dpop-client",
            "DPOP_CLIENT_CERTIFICATE": certificate,
            "DPOP_CLIENT_KEY": key,
            "JWT_MTLS_CLIENT_ID": "jwt-mtls-client",
            "JWT_MTLS_CLIENT_JWK": str(keys / "jwt-mtls-client.jwk.json"),
            "JWT_MTLS_CERTIFICATE": certificate,
            "JWT_MTLS_KEY": key,
        }


def attached(environ: Mapping[str, str] = os.environ) -> Deployment | None:
    """The environment that ``WORKSHOP_*`` variables describe, as in a container; None if they do not.

    WORKSHOP_STATE holds a folder per party, WORKSHOP_AUDIT a folder per service.
    """
    if "WORKSHOP_STATE" not in environ:
        return None
    state, audit = Path(environ["WORKSHOP_STATE"]), Path(environ["WORKSHOP_AUDIT"])
    return Deployment(
        issuer=environ["ISSUER"],
        api_url=environ["API_URL"],
        ca_url=environ["CA_URL"],
        ca_public_url=environ["CA_PUBLIC_URL"],
        partner_url=environ["PARTNER_URL"],
        ca_pages_url=environ["CA_PAGES_URL"],
        authserver_pages_url=environ["AUTHSERVER_PAGES_URL"],
        bank_pages_url=environ["BANK_PAGES_URL"],
        trust_bundle=Path(environ["TRUST_BUNDLE"]),
        states={party: state / party for party in STATES},
        audits={service: audit / service for service in STATES},
        certificate_lifetime_seconds=int(environ["CERTIFICATE_LIFETIME_SECONDS"]),
        profile=environ.get("PROFILE", ""),
    )
