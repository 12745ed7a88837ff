"""A certificate authority in memory, for the library's tests: every part of a certificate can be changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sender_constraint.core.trust_anchors import TrustAnchors

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @cached_property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @cached_property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def name_of(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def issue(
    issuer: Issued | None,
    *,
    subject: x509.Name | str = "partner",
    issuer_name: x509.Name | None = None,
    not_before: datetime = NOW - timedelta(hours=1),
    not_after: datetime = NOW + timedelta(hours=1),
    usages: Sequence[x509.ObjectIdentifier] | None = CLIENT,
    authority: bool = False,
    path_length: int | None = None,
    alternative_names: Sequence[x509.GeneralName] = (),
    with_key_identifier: bool = True,
    claimed_issuer: Issued | None = None,
    more: Sequence[x509.ExtensionType] = (),
    public_key: CertificatePublicKeyTypes | None = None,
    signs: bool = True,
) -> Issued:
    """A certificate signed by the issuer, by itself without one; it may claim another issuer.

    public_key: what is certified in place of the key that comes with it. signs: whether for signatures.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject_name = name_of(subject) if isinstance(subject, str) else subject
    claimed = claimed_issuer or issuer
    claimed_key = claimed.key.public_key() if claimed else key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject_name)
        .issuer_name(issuer_name or (claimed.certificate.subject if claimed else subject_name))
        .public_key(public_key or key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=path_length), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_key_usage(authority, signs), critical=True)
    )
    if with_key_identifier:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(claimed_key)
        builder = builder.add_extension(identifier, critical=False)
    if usages is not None and not (authority and usages is CLIENT):
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if alternative_names:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative_names), critical=False)
    for extension in more:
        builder = builder.add_extension(extension, critical=False)
    return Issued(builder.sign((issuer.key if issuer else key), hashes.SHA256()), key)


def _key_usage(authority: bool, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority and signs,
        content_commitment=False,
        key_encipherment=not authority and not signs,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass(frozen=True)
class Scheme:
    """A root, an issuing authority below it, and the anchors that everyone has."""

    root: Issued
    issuing: Issued
    anchors: TrustAnchors


def make_scheme(label: str = "Scheme") -> Scheme:
    decade: dict[str, Any] = {
        "not_before": NOW - timedelta(days=3650),
        "not_after": NOW + timedelta(days=3650),
    }
    root = issue(None, subject=f"{label} Root", authority=True, **decade)
    issuing = issue(root, subject=f"{label} Issuing", authority=True, path_length=0, **decade)
    return Scheme(root, issuing, TrustAnchors.from_pem(root.pem + issuing.pem))
