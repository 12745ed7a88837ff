"""An insider: has the keys of the authorities, and makes what they never would.

What a certificate authority or an authorization server should not have signed is refused by the API all the
same: each such attack differs from a good certificate or token in one thing. The keys are read from the
folders of an environment on this machine; elsewhere nobody can play this part.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.core.confirmation import certificate_confirmation
from workshop import forgery
from workshop.environment.deployment import Deployment
from workshop.issuing import Content, Issued, issue

ABSENT = object()
"""In place of a claim's value: the claim is left out."""


@dataclass(frozen=True)
class Insider:
    """Signs for the issuing certificate authority, and for the authorization server.

    model: the certificate whose names those of the insider have. claims: of a good token.
    """

    authority: Issued
    root: Issued
    signing_key: ec.EllipticCurvePrivateKey
    token_header: Mapping[str, Any]
    claims: Mapping[str, Any]
    model: x509.Certificate

    def content(self, **changes: Any) -> Content:
        """A good client certificate with the model's names, but for these changes."""
        return forgery.content_with(self.model, **changes)

    def certificate(self, **changes: Any) -> Issued:
        """The same, issued."""
        return issue(self.content(**changes), self.authority)

    def token(self, der: bytes, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """A token bound to this certificate, good but for these claims and members of the header.

        A value ABSENT leaves a claim out.
        """
        now = int(datetime.now(UTC).timestamp())
        good = {
            **self.claims,
            "iat": now,
            "exp": now + 300,
            "jti": secrets.token_urlsafe(16),
            "cnf": certificate_confirmation(der),
        }
        present = {name: value for name, value in {**good, **claims}.items() if value is not ABSENT}
        return self.signed(json.dumps(present).encode(), header)

    def signed(self, payload: bytes, header: Mapping[str, Any] | None = None) -> str:
        """A token with any payload."""
        return forgery.signed({**self.token_header, **(header or {})}, payload, self.signing_key)


def insider_of(deployment: Deployment, token: str, model: x509.Certificate) -> Insider | None:
    """The insider of an environment on this machine; None where the authorities' keys are not to be read.

    token: a good one, which the insider's resemble. model: a certificate, likewise.
    """
    header, claims = forgery.decoded_parts(token)
    authority = deployment.states["ca"] / "keys" / "authority"
    signing = deployment.states["authserver"] / "keys" / f"{header['kid']}.pem"
    try:
        issuing, root = _issuer(authority, "issuing"), _issuer(authority, "root")
        return Insider(issuing, root, _key(signing), header, claims, model)
    except (OSError, TypeError):
        # Not on this machine; or with a passphrase.
        return None


def _issuer(folder: Path, name: str) -> Issued:
    certificate = x509.load_pem_x509_certificate((folder / f"{name}-certificate.pem").read_bytes())
    return Issued(certificate, _key(folder / f"{name}-private-key.pem"))


def _key(file: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{file} holds no EC key")
    return key
