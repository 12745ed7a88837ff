"""The hierarchy: a root that certifies one issuing authority, which certifies participants.

The root's key is used seldom. Where there is an operator with a safe it goes there; the issuing authority
can then be replaced without touching anybody's trust bundle: its successor has the same name and another key,
which the key identifiers tell apart (RFC 5280 §4.2.1.1), and chains carry its certificate.
https://www.rfc-editor.org/rfc/rfc5280
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID

from ca.authority.profiles import (
    Extension,
    Profile,
    StatusPointers,
    authority_extensions,
    end_entity_extensions,
)

# Clocks differ: a certificate is valid a minute before it was issued, for those whose clock is late.
BACKDATING = timedelta(minutes=1)
# From notBefore to notAfter, both included (RFC 5280 §4.1.2.5): what browsers and CA policies allow.
LONGEST_VALIDITY = timedelta(days=398)
LONGEST_LIFETIME = LONGEST_VALIDITY - BACKDATING - timedelta(seconds=1)
ROOT_LIFETIME = timedelta(days=10 * 365)
ISSUING_LIFETIME = timedelta(days=5 * 365)


ROOT, ISSUING = "root", "issuing"


class AuthorityExpired(Exception):
    """An authority's own certificate has ended (or not begun), so that it can certify nobody."""


@dataclass(frozen=True)
class CertificateAuthority:
    """A key that certifies, and the certificate that says so."""

    private_key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(
        self,
        profile: Profile,
        public_key: CertificatePublicKeyTypes,
        subject: x509.Name,
        alternative_names: Sequence[x509.GeneralName],
        lifetime: timedelta,
        now: datetime,
        pointers: StatusPointers | None = None,
    ) -> x509.Certificate:
        """Certify a public key.

        subject, alternative_names: what the certificate will say; whether the owner of the key may have
            these names is for the caller to have decided.
        lifetime: counted from now, not from the backdated start; cut off at this authority's own end.
        now: aware, UTC; fractions of a second are dropped, since a certificate cannot say them.
        pointers: to the status of the certificate; an OCSP responder's gets none.

        Raises ValueError for a certificate that would name nobody or live longer than 398 days, and
        AuthorityExpired.
        """
        _check_names(profile, subject, alternative_names)
        if not timedelta(0) < lifetime <= LONGEST_LIFETIME:
            raise ValueError(
                f"a lifetime is more than nothing and at most {LONGEST_LIFETIME}, not {lifetime}"
            )
        issued_at = now.replace(microsecond=0)
        self.check_valid(issued_at)
        builder = _builder(
            subject,
            self.certificate.subject,
            public_key,
            issued_at - BACKDATING,
            min(issued_at + lifetime, self.certificate.not_valid_after_utc),
            end_entity_extensions(
                profile,
                public_key,
                alternative_names,
                self.certificate,
                pointers,
                subject_is_empty=not subject.rdns,
            ),
        )
        return builder.sign(self.private_key, hashes.SHA256())

    def check_valid(self, now: datetime) -> None:
        """Whether it may certify at an aware time. Raises AuthorityExpired."""
        if not self.certificate.not_valid_before_utc <= now < self.certificate.not_valid_after_utc:
            name = self.certificate.subject.rfc4514_string()
            raise AuthorityExpired(f"{name} ended at {self.certificate.not_valid_after_utc}")


@dataclass(frozen=True)
class Hierarchy:
    """The root and the issuing authority of a scheme."""

    root: CertificateAuthority
    issuing: CertificateAuthority


def create_hierarchy(
    now: datetime, status_origin: str | None = None, issuing_lifetime: timedelta = ISSUING_LIFETIME
) -> Hierarchy:
    """A new root and issuing authority, both P-256, with keys that existed nowhere before.

    status_origin, issuing_lifetime: see ``create_issuing``.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = _authority_name("Scheme Root CA")
    issued_at = now.replace(microsecond=0)
    certificate = _builder(
        name,
        name,
        key.public_key(),
        issued_at - BACKDATING,
        issued_at + ROOT_LIFETIME,
        authority_extensions(key.public_key(), None, None, path_length=1),
    ).sign(key, hashes.SHA256())
    root = CertificateAuthority(key, certificate)
    return Hierarchy(root, create_issuing(root, now, status_origin, issuing_lifetime))


def create_issuing(
    root: CertificateAuthority,
    now: datetime,
    status_origin: str | None = None,
    lifetime: timedelta = ISSUING_LIFETIME,
) -> CertificateAuthority:
    """An issuing authority with a new key, P-256, below a root. All have the same name.

    status_origin: where the status of its certificate is published; None leaves that out.
    lifetime: counted from now; cut off at the root's own end. Raises AuthorityExpired.
    """
    pointers = StatusPointers.at(status_origin, ROOT) if status_origin else None
    key = ec.generate_private_key(ec.SECP256R1())
    issued_at = now.replace(microsecond=0)
    root.check_valid(issued_at)
    certificate = _builder(
        _authority_name("Scheme Issuing CA"),
        root.certificate.subject,
        key.public_key(),
        issued_at - BACKDATING,
        min(issued_at + lifetime, root.certificate.not_valid_after_utc),
        authority_extensions(key.public_key(), root.certificate, pointers, path_length=0),
    ).sign(root.private_key, hashes.SHA256())
    return CertificateAuthority(key, certificate)


def _authority_name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "GB"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Scheme Operator"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _check_names(profile: Profile, subject: x509.Name, alternative_names: Sequence[x509.GeneralName]) -> None:
    """RFC 5280 §4.1.2.6: a certificate names somebody, in its subject or in its SAN."""
    if not subject.rdns and not alternative_names:
        raise ValueError("a certificate without alternative names needs a subject")
    if profile.needs_dns_name and not any(isinstance(name, x509.DNSName) for name in alternative_names):
        raise ValueError(f"a {profile.name} certificate needs a DNS name")


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: CertificatePublicKeyTypes,
    begins: datetime,
    ends: datetime,
    extensions: Iterable[Extension],
) -> x509.CertificateBuilder:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        # 159 random bits: more than the 64 of CA policies, and positive in RFC 5280's 20 octets.
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder
