"""A certificate authority for tests that need certificates for keys made elsewhere: it issues on demand."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from sender_constraint.certificates.csr import new_private_key, private_key_pem
from sender_constraint.certificates.generations import Generation, GenerationStore

LOCALHOST = (x509.DNSName("localhost"),)


class Authority:
    """A root and an issuing authority under it, with their trust bundle in a file."""

    def __init__(self, folder: Path, name: str = "Scheme") -> None:
        self.folder = folder
        self.root_key, self.key = new_private_key(), new_private_key()
        root = f"CN={name} Root"
        self.root = _certificate(root, self.root_key.public_key(), root, self.root_key, authority=True)
        self.issuing = _certificate(
            f"CN={name} Issuing", self.key.public_key(), root, self.root_key, authority=True
        )
        self.server_certificates: list[x509.Certificate] = []
        self.trust_bundle = folder / "trust-bundle.pem"
        self.trust_bundle.write_bytes(pem(self.root, self.issuing))

    def issue(
        self,
        key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey,
        subject: str = "CN=partner,O=Partner Ltd,C=GB",
        *,
        names: Sequence[x509.GeneralName] = (),
        now: datetime | None = None,
        lifetime: timedelta = timedelta(minutes=1),
        server: bool = False,
    ) -> x509.Certificate:
        """A certificate for a key, of which only the public half matters; valid from a minute before now."""
        public = key.public_key() if isinstance(key, ec.EllipticCurvePrivateKey) else key
        issuer = self.issuing.subject.rfc4514_string()
        return _certificate(
            subject, public, issuer, self.key, names=names, now=now, lifetime=lifetime, server=server
        )

    def publish(self, store: GenerationStore, *, lifetime: timedelta = timedelta(minutes=1)) -> Generation:
        """A new generation in a store, as if it had been renewed."""
        key = new_private_key()
        chain = pem(self.issue(key, lifetime=lifetime), self.issuing)
        return store.publish(private_key_pem(key), chain, datetime.now(UTC))

    def server_context(self) -> ssl.SSLContext:
        """TLS for a server called localhost, which asks for certificates of this authority.

        ``server_certificates`` has its certificate, the latest last.
        """
        key = new_private_key()
        key_file, certificate_file = self.folder / "server-key.pem", self.folder / "server.pem"
        key_file.write_bytes(private_key_pem(key))
        certificate = self.issue(key, "CN=server", names=LOCALHOST, lifetime=timedelta(hours=1), server=True)
        self.server_certificates.append(certificate)
        certificate_file.write_bytes(pem(certificate, self.issuing))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate_file, key_file)
        context.load_verify_locations(self.trust_bundle)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context


def pem(*certificates: x509.Certificate) -> bytes:
    """Certificates, PEM."""
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def _certificate(
    subject: str,
    key: ec.EllipticCurvePublicKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    names: Sequence[x509.GeneralName] = (),
    now: datetime | None = None,
    lifetime: timedelta = timedelta(hours=1),
    authority: bool = False,
    server: bool = False,
) -> x509.Certificate:
    now = now or datetime.now(UTC)
    usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name.from_rfc4514_string(subject))
        .issuer_name(x509.Name.from_rfc4514_string(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + lifetime)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
        .add_extension(_key_usage(authority), critical=True)
    )
    if not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _key_usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
