"""Keys, and the requests by which they get certificates (PKCS#10, RFC 2986).

A key is born on the machine that uses it: P-256, PKCS#8, and only its signed request travels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.core.addresses import parse_ip_address


@dataclass(frozen=True, slots=True)
class RequestedNames:
    """The names that a first request asks for.

    subject: a distinguished name as RFC 4514 writes it, ``CN=partner,O=Partner Ltd,C=GB``.
    dns, uris, ip_addresses, mailboxes: subject alternative names.
    """

    subject: str
    dns: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for names that cannot be read, at start rather than at the first request."""
        x509.Name.from_rfc4514_string(self.subject)
        self.alternatives()

    def alternatives(self) -> list[x509.GeneralName]:
        """The subject alternative names."""
        return [
            *map(x509.DNSName, self.dns),
            *map(x509.UniformResourceIdentifier, self.uris),
            *(x509.IPAddress(parse_ip_address(text)) for text in self.ip_addresses),
            *map(x509.RFC822Name, self.mailboxes),
        ]


def new_private_key() -> ec.EllipticCurvePrivateKey:
    """A fresh key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def private_key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS#8, PEM, without a passphrase: the mode of its file guards it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def first_request(key: ec.EllipticCurvePrivateKey, names: RequestedNames) -> bytes:
    """A request for these names, DER."""
    return _request(key, x509.Name.from_rfc4514_string(names.subject), names.alternatives())


def next_request(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> bytes:
    """A request for the successor of a certificate, DER: the same names, as RFC 7030 §4.2.2 demands."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return _request(key, certificate.subject, [])
    return _request(key, certificate.subject, list(names))


def _request(
    key: ec.EllipticCurvePrivateKey, subject: x509.Name, alternatives: Sequence[x509.GeneralName]
) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
