"""Which authority issued a certificate: its name and its key together.

A serial number says nothing without them (RFC 5280 §4.1.2.2, RFC 6960 §4.1.1).
https://www.rfc-editor.org/rfc/rfc5280 https://www.rfc-editor.org/rfc/rfc6960
"""

import hashlib

from cryptography import x509


def identity_of(authority: x509.Certificate) -> str:
    """The identity of an authority, from its certificate: SHA-256, hexadecimal, over name and key identifier.

    Raises x509.ExtensionNotFound if the certificate has no subject key identifier: every authority's has.
    """
    identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    return _identity(authority.subject, identifier)


def issuer_identity(certificate: x509.Certificate) -> str:
    """The identity of the authority that a certificate names as its issuer.

    Raises x509.ExtensionNotFound or ValueError if it names none by a key identifier.
    """
    identifier = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    if identifier.key_identifier is None:
        raise ValueError("the certificate does not identify its issuer's key")
    return _identity(certificate.issuer, identifier.key_identifier)


def _identity(name: x509.Name, key_identifier: bytes) -> str:
    encoded = name.public_bytes()
    return hashlib.sha256(len(encoded).to_bytes(4) + encoded + key_identifier).hexdigest()
