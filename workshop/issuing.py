"""Certificates in which everything can be chosen: a thief makes them by itself, an insider in a CA's name.

RFC 5280 §4 (https://www.rfc-editor.org/rfc/rfc5280).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

# A TLS feature (RFC 7633 §4.1) of the number 99, which no library knows.
UNKNOWN_TLS_FEATURE = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("1.3.6.1.5.5.7.1.24"), bytes.fromhex("3003020163")
)
HOUR = timedelta(hours=1)
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        """The certificate, DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate, PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True)
class Content:
    """What a certificate is to say.

    begins, ends: how far from now. purposes: None leaves the extension out.
    signs: whether its key is for signatures. key: None has one made, on P-256.
    more: further extensions.
    """

    subject: x509.Name
    alternative_names: Sequence[x509.GeneralName] = ()
    begins: timedelta = timedelta(minutes=-1)
    ends: timedelta = HOUR
    purposes: Sequence[x509.ObjectIdentifier] | None = CLIENT
    authority: bool = False
    signs: bool = True
    key: Key | None = None
    more: Sequence[x509.ExtensionType] = ()


def names_of(certificate: x509.Certificate) -> tuple[x509.Name, tuple[x509.GeneralName, ...]]:
    """Subject and alternative names of a certificate."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return certificate.subject, ()
    return certificate.subject, tuple(names)


def issue(content: Content, issuer: Issued | None = None) -> Issued:
    """The certificate, signed by its issuer; by itself without one."""
    key = content.key or ec.generate_private_key(ec.SECP256R1())
    signing_key = issuer.key if issuer else key
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(content.subject)
        .issuer_name(issuer.certificate.subject if issuer else content.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + content.begins)
        .not_valid_after(now + content.ends)
    )
    for extension, critical in _extensions(content, key, signing_key):
        builder = builder.add_extension(extension, critical)
    return Issued(builder.sign(signing_key, hashes.SHA256()), key)


def _extensions(content: Content, key: Key, signing_key: Key) -> list[tuple[x509.ExtensionType, bool]]:
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=content.authority, path_length=None), True),
        (_key_usage(content), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), False),
    ]
    if content.purposes is not None:
        extensions.append((x509.ExtendedKeyUsage(content.purposes), False))
    if content.alternative_names:
        extensions.append((x509.SubjectAlternativeName(content.alternative_names), False))
    return [*extensions, *((extension, False) for extension in content.more)]


def _key_usage(content: Content) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=content.signs,
        content_commitment=False,
        key_encipherment=not content.signs,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=content.authority,
        crl_sign=content.authority,
        encipher_only=False,
        decipher_only=False,
    )
