"""Certificates and tokens with a chosen flaw, made with the keys of the authorities that never make them.

The keys are read from the state directories of the running environment, and what is made with an
authority's key is written into its register: it would not stand by a certificate that it does not know. Only
tests do that.
"""

import contextlib
import itertools
import secrets
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from authserver.keys.signing_keys import SigningKey, signing_key_from_pem
from ca.authority.directory import AuthorityDirectory
from ca.authority.hierarchy import CertificateAuthority
from ca.authority.identity import identity_of
from ca.authority.requests import public_key_digest
from sender_constraint.certificates.csr import private_key_pem
from sender_constraint.core.confirmation import certificate_confirmation
from sender_constraint.core.trust_anchors import TrustAnchors
from tests.sender_constraint.flawed_certificates import HOUR, Flaws, flawed
from tests.sender_constraint.pki import Issued, Scheme, issue
from tests.sender_constraint.resource_server.malformed_tokens import ABSENT
from tests.sender_constraint.resource_server.tokens import sign
from workshop.environment.deployment import Deployment
from workshop.private_files import write_private
from workshop.wire import Credentials

PARTNER_NAMES: dict[str, Any] = {
    "subject": x509.Name.from_rfc4514_string("CN=partner,O=Partner Ltd,C=GB"),
    "alternative_names": (
        x509.DNSName("partner.example"),
        x509.UniformResourceIdentifier("urn:example:partner"),
    ),
}

REGISTER = """
INSERT INTO register_issuedcertificate
    (serial, issuer, der, profile_name, line, is_branch, public_key_digest, issued_at, not_after,
     revocation_reason)
VALUES (:serial, :issuer, :der, 'client', 0, FALSE, :public_key_digest, :issued_at, :not_after, '')
"""


class Mint:
    """Makes what the authorities of one environment could make."""

    def __init__(self, deployment: Deployment, workspace: Path) -> None:
        hierarchy = AuthorityDirectory(deployment.states["ca"] / "keys").load()
        anchors = TrustAnchors.from_pem(deployment.trust_bundle.read_bytes())
        self.scheme = Scheme(_issued(hierarchy.root), _issued(hierarchy.issuing), anchors)
        self._deployment = deployment
        self._database = deployment.states["ca"] / "database.sqlite3"
        self._workspace = workspace
        self._numbers = itertools.count()

    def certificate(self, **changes: Any) -> Issued:
        """The partner's certificate as the scheme issues it, with some arguments of ``issue`` changed."""
        return self.certificate_by(self.scheme.issuing, **changes)

    def certificate_by(self, issuer: Issued | None, **changes: Any) -> Issued:
        """The same by another issuer; None: signed by itself."""
        made = self.unregistered(issuer, **changes)
        if issuer in (self.scheme.issuing, self.scheme.root):
            self._register(made, issuer)
        return made

    def unregistered(self, issuer: Issued | None, **changes: Any) -> Issued:
        """The same, of which nobody's register knows."""
        now = datetime.now(UTC)
        valid = {"not_before": now - timedelta(minutes=1), "not_after": now + HOUR, **PARTNER_NAMES}
        return issue(issuer, **{**valid, **changes})

    def _register(self, made: Issued, issuer: Issued) -> None:
        certificate = made.certificate
        record = {
            "serial": f"{certificate.serial_number:x}",
            "issuer": identity_of(issuer.certificate),
            "der": made.der,
            "public_key_digest": public_key_digest(certificate.public_key()),
            "issued_at": datetime.now(UTC).isoformat(" "),
            "not_after": certificate.not_valid_after_utc.isoformat(" "),
        }
        with contextlib.closing(sqlite3.connect(self._database, timeout=10)) as connection, connection:
            connection.execute(REGISTER, record)

    def flawed(self) -> Flaws:
        """What makes certificates with the partner's names and one thing wrong, now."""
        now = datetime.now(UTC).replace(microsecond=0)
        return flawed(self.scheme, now, outside=timedelta(minutes=1), **PARTNER_NAMES)

    def credentials(self, issued: Issued, *issuers: Issued) -> Credentials:
        """A certificate, the issuers that are sent with it, and its key, as files."""
        number = next(self._numbers)
        pem = b"".join(each.pem for each in (issued, *issuers))
        return Credentials(
            write_private(self._workspace / f"{number}-certificate.pem", pem.decode()),
            write_private(self._workspace / f"{number}-key.pem", private_key_pem(issued.key).decode()),
        )

    def claims(self, certificate_der: bytes, **changes: Any) -> dict[str, Any]:
        """The claims of a token for the partner, as of now, with some changed or ABSENT."""
        now = int(datetime.now(UTC).timestamp())
        valid = {
            "iss": self._deployment.issuer,
            "exp": now + 300,
            "aud": self._deployment.api_url,
            "sub": "partner",
            "client_id": "partner",
            "iat": now,
            "jti": secrets.token_urlsafe(16),
            "scope": "accounts payments",
            "cnf": certificate_confirmation(certificate_der),
        }
        return {name: value for name, value in {**valid, **changes}.items() if value is not ABSENT}

    def token(self, certificate_der: bytes, **changes: Any) -> str:
        """The token with these claims, which the authorization server's own key signs."""
        key = self.signing_key()
        header = {"typ": "at+jwt", "alg": "ES256", "kid": key.kid}
        return sign(self.claims(certificate_der, **changes), header, key.private_key)

    def signing_key(self) -> SigningKey:
        """The key with which the authorization server signs."""
        return signing_key_from_pem((self._deployment.states["authserver"] / "keys" / "signing").read_bytes())


def _issued(authority: CertificateAuthority) -> Issued:
    key: EllipticCurvePrivateKey = authority.private_key
    return Issued(authority.certificate, key)
