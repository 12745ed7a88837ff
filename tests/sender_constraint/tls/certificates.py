"""Certificates for the tests of the TLS front."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.core.thumbprints import certificate_thumbprint

DAY = timedelta(days=1)
NOISE = x509.ObjectIdentifier("1.3.6.1.4.1.32473.1")  # RFC 5612: for documentation


@dataclass(frozen=True)
class Identity:
    """A certificate and its private key; ``issuer`` is None for a self-signed one."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    issuer: "Identity | None" = None

    @cached_property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @cached_property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @cached_property
    def chain_pem(self) -> bytes:
        return self.certificate_pem + (self.issuer.certificate_pem if self.issuer else b"")

    @cached_property
    def thumbprint(self) -> str:
        return certificate_thumbprint(self.certificate.public_bytes(serialization.Encoding.DER))

    def write(self, directory: Path, key_pem: bytes | None = None) -> tuple[Path, Path]:
        """The certificate and the key as files; with ``key_pem``, another key file than its own."""
        certificate, key = directory / "certificate.pem", directory / "key.pem"
        certificate.write_bytes(self.chain_pem)
        key.write_bytes(key_pem or self.key_pem)
        return certificate, key


def authority(name: str = "Test CA") -> Identity:
    return _issue(name, None, None, is_authority=True)


def leaf(
    name: str,
    issuer: Identity | None,
    purpose: x509.ObjectIdentifier,
    ends: timedelta = DAY,
    noise: bytes = b"",
) -> Identity:
    """A certificate for one purpose; self-signed without an issuer. ``ends`` counts from now.

    noise: an extension that nobody knows.
    """
    return _issue(name, issuer, purpose, is_authority=False, ends=ends, noise=noise)


def _issue(
    name: str,
    issuer: Identity | None,
    purpose: x509.ObjectIdentifier | None,
    *,
    is_authority: bool,
    ends: timedelta = DAY,
    noise: bytes = b"",
) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issuer_key = issuer.key if issuer else key
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 2 * DAY)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
        .add_extension(_key_usage(is_authority), critical=True)
    )
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
        )
    if noise:
        extension = x509.UnrecognizedExtension(NOISE, noise)
        builder = builder.add_extension(extension, critical=False)
    return Identity(builder.sign(issuer_key, hashes.SHA256()), key, issuer)


def _key_usage(is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
