"""What a thief changes in a valid call: one function a change.

The valid call is the partner's: its token, its certificate, its key. The thief has the token and what is
public, and never the partner's key; a call that it makes carries its own certificate or none.
"""

import base64
import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, urlencode

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from sender_constraint.thumbprints import certificate_thumbprint
from workshop import forgery
from workshop.private_files import write_private
from workshop.wire import Credentials, Exchange, Wire


@dataclass(frozen=True)
class Call:
    """A call of the API.

    token: presented in the Authorization header; None for none.
    """

    method: str
    url: str
    token: str | None
    credentials: Credentials
    headers: tuple[tuple[str, str], ...] = ()
    tls: ssl.TLSVersion | None = None

    def send(self, wire: Wire) -> Exchange:
        """Make the call."""
        headers = dict(self.headers)
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        return wire.send(self.method, self.url, self.credentials, headers=headers, tls=self.tls)


@dataclass(frozen=True)
class Loot:
    """What the thief has.

    token: the partner's, stolen; the one in the valid call.
    partner_certificate: public, as everybody sees it in a handshake.
    own: the thief's valid certificate from the same CA, and its key.
    expired_token, other_audience_token: stolen too.
    issuer_key: the authorization server's public key, PEM, from its JWKS.
    workspace: a private directory of the thief's.
    """

    token: str
    partner_certificate: x509.Certificate
    own: Credentials
    expired_token: str
    other_audience_token: str
    issuer_key: bytes
    workspace: Path

    @property
    def own_der(self) -> bytes:
        """The thief's own certificate, DER."""
        if self.own.certificate is None:
            raise ValueError("the thief has no certificate")
        leaf = x509.load_pem_x509_certificate(self.own.certificate.read_bytes())
        return leaf.public_bytes(serialization.Encoding.DER)

    @property
    def partner_der(self) -> bytes:
        """The partner's certificate, DER."""
        return self.partner_certificate.public_bytes(serialization.Encoding.DER)

    @property
    def partner_pem(self) -> bytes:
        """The partner's certificate, PEM."""
        return self.partner_certificate.public_bytes(serialization.Encoding.PEM)


def no_certificate(call: Call, loot: Loot) -> Call:
    """Show no certificate."""
    return replace(call, token=loot.token, credentials=Credentials())


def own_certificate(call: Call, loot: Loot) -> Call:
    """Show the thief's own certificate, which the scheme's CA issued."""
    return replace(call, token=loot.token, credentials=loot.own)


def self_made_certificate(call: Call, loot: Loot) -> Call:
    """Show a certificate with the partner's names and the scheme's issuer, signed by the thief."""
    certificate, key = forgery.self_made_certificate(loot.partner_certificate)
    return replace(call, token=loot.token, credentials=_written(loot, "self-made", certificate, key))


def certificate_in_client_cert(call: Call, loot: Loot) -> Call:
    """RFC 9440 §2.2: a structured field, the DER as a byte sequence."""
    encoded = base64.b64encode(loot.partner_der).decode()
    return _with_header(call, loot, "Client-Cert", f":{encoded}:")


def certificate_in_x_ssl_client_cert(call: Call, loot: Loot) -> Call:
    """As nginx and others send it: PEM, percent-encoded."""
    return _with_header(call, loot, "X-SSL-Client-Cert", quote(loot.partner_pem))


def certificate_in_x_client_cert(call: Call, loot: Loot) -> Call:
    """As several gateways send it: the DER in base64."""
    return _with_header(call, loot, "X-Client-Cert", base64.b64encode(loot.partner_der).decode())


def certificate_in_x_forwarded_client_cert(call: Call, loot: Loot) -> Call:
    """As Envoy sends it: the hash of the DER, and the PEM percent-encoded."""
    thumbprint = base64.urlsafe_b64decode(certificate_thumbprint(loot.partner_der) + "=").hex()
    return _with_header(
        call, loot, "X-Forwarded-Client-Cert", f'Hash={thumbprint};Cert="{quote(loot.partner_pem)}"'
    )


def token_in_query(call: Call, loot: Loot) -> Call:
    """RFC 6750 §2.3: the token as a query parameter."""
    query = urlencode({"access_token": loot.token})
    return replace(call, url=f"{call.url}?{query}", token=None, credentials=loot.own)


def confirmation_changed(call: Call, loot: Loot) -> Call:
    """Bind the token to the thief's certificate; the signature no longer fits."""
    return _forged(call, loot, forgery.with_other_confirmation(loot.token, loot.own_der))


def algorithm_none(call: Call, loot: Loot) -> Call:
    """RFC 8725 §3.1: claim that the token needs no signature."""
    return _forged(call, loot, forgery.without_signature(loot.token, loot.own_der))


def algorithm_hs256(call: Call, loot: Loot) -> Call:
    """RFC 8725 §3.1: have the public key taken for a shared secret."""
    return _forged(call, loot, forgery.signed_with_public_key(loot.token, loot.own_der, loot.issuer_key))


def expired(call: Call, loot: Loot) -> Call:
    """Present a token whose time is over."""
    return _forged(call, loot, loot.expired_token)


def other_audience(call: Call, loot: Loot) -> Call:
    """Present a token that the partner got for another resource."""
    return _forged(call, loot, loot.other_audience_token)


def mismatched_key_tls_1_3(call: Call, loot: Loot) -> Call:
    """Send the partner's certificate and sign the handshake with another key, in TLS 1.3."""
    return _mismatched(call, loot, ssl.TLSVersion.TLSv1_3)


def mismatched_key_tls_1_2(call: Call, loot: Loot) -> Call:
    """Send the partner's certificate and sign the handshake with another key, in TLS 1.2."""
    return _mismatched(call, loot, ssl.TLSVersion.TLSv1_2)


def _with_header(call: Call, loot: Loot, name: str, value: str) -> Call:
    return replace(call, token=loot.token, credentials=Credentials(), headers=((name, value),))


def _forged(call: Call, loot: Loot, token: str) -> Call:
    return replace(call, token=token, credentials=loot.own)


def _mismatched(call: Call, loot: Loot, tls: ssl.TLSVersion) -> Call:
    key = forgery.mismatched_key(loot.partner_certificate)
    credentials = _written(loot, "mismatched", loot.partner_pem, key)
    return replace(call, token=loot.token, credentials=credentials, tls=tls)


def _written(loot: Loot, name: str, certificate: bytes, key: bytes) -> Credentials:
    return Credentials(
        write_private(loot.workspace / f"{name}-certificate.pem", certificate.decode()),
        write_private(loot.workspace / f"{name}-key.pem", key.decode()),
    )
