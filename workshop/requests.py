"""Certification requests (PKCS #10, RFC 2986) that ask for what nobody should get.

https://www.rfc-editor.org/rfc/rfc2986
"""

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from sender_constraint.certificates.csr import RequestedNames

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def request(key: Key, names: RequestedNames) -> bytes:
    """A request with any key, DER."""
    return with_names(key, names.subject, names.alternatives())


def with_names(key: Key, subject: str, names: Sequence[x509.GeneralName]) -> bytes:
    """A request for alternative names of any kind, DER."""
    return _signed(_builder(subject, names), key)


def for_authority(key: Key, names: RequestedNames) -> bytes:
    """A request for a CA certificate (RFC 5280 §4.2.1.9), DER."""
    return with_extension(key, names, x509.BasicConstraints(ca=True, path_length=None))


def with_extension(key: Key, names: RequestedNames, extension: x509.ExtensionType) -> bytes:
    """A request for this extension too, DER."""
    builder = _builder(names.subject, names.alternatives())
    return _signed(builder.add_extension(extension, critical=True), key)


def on_another_key(
    key: ec.EllipticCurvePrivateKey, names: RequestedNames, public_key: CertificatePublicKeyTypes
) -> bytes:
    """A request whose public key was put in place of the signer's, DER; both on P-256."""
    return request(key, names).replace(_encoded(key.public_key()), _encoded(public_key))


def _builder(subject: str, names: Sequence[x509.GeneralName]) -> x509.CertificateSigningRequestBuilder:
    builder = x509.CertificateSigningRequestBuilder(x509.Name.from_rfc4514_string(subject))
    return builder.add_extension(x509.SubjectAlternativeName(names), critical=False)


def _signed(builder: x509.CertificateSigningRequestBuilder, key: Key) -> bytes:
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.DER)


def _encoded(key: CertificatePublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
