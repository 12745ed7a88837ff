"""What a certificate of this scheme says: every extension of the two profiles, with its reason.

RFC 5280: https://www.rfc-editor.org/rfc/rfc5280. Left out are revocation pointers (§4.2.1.13, §4.2.2.1).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

Extension = tuple[x509.ExtensionType, bool]


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of end-entity certificate.

    name: what commands and the register call it.
    purpose: its one extended key usage. One only: who serves and calls has two certificates, so that a
        server's key, which stands at the edge, can never be used to call in its owner's name.
    needs_dns_name: a server is found by a DNS name, and RFC 9525 looks for it in the SAN alone.
    """

    name: str
    purpose: ObjectIdentifier
    needs_dns_name: bool


CLIENT = Profile("client", ExtendedKeyUsageOID.CLIENT_AUTH, needs_dns_name=False)
SERVER = Profile("server", ExtendedKeyUsageOID.SERVER_AUTH, needs_dns_name=True)
PROFILES = {profile.name: profile for profile in (CLIENT, SERVER)}


def end_entity_extensions(
    profile: Profile,
    public_key: CertificatePublicKeyTypes,
    alternative_names: Sequence[x509.GeneralName],
    issuer: x509.Certificate,
    *,
    subject_is_empty: bool,
) -> Iterator[Extension]:
    """The extensions of a certificate, each with its criticality, in the order in which they are written."""
    # §4.2.1.9: critical and FALSE, so that this key can certify nobody, whatever a reader's default is.
    yield x509.BasicConstraints(ca=False, path_length=None), True
    # §4.2.1.3: the key signs handshakes. No keyEncipherment: every cipher suite here is ephemeral.
    yield _key_usage(digital_signature=True), True
    # §4.2.1.12: without it a certificate may be used for anything.
    yield x509.ExtendedKeyUsage([profile.purpose]), False
    # §4.2.1.2 and §4.2.1.1: chains are built by key identifiers; strict verification demands both.
    yield x509.SubjectKeyIdentifier.from_public_key(public_key), False
    yield authority_key_identifier(issuer), False
    if alternative_names:
        # §4.2.1.6: critical exactly where the subject is empty, because then it is the only name.
        yield x509.SubjectAlternativeName(alternative_names), subject_is_empty


def authority_extensions(
    public_key: CertificatePublicKeyTypes, issuer: x509.Certificate | None, *, path_length: int
) -> Iterator[Extension]:
    """The extensions of a CA certificate; issuer is None for the root, which identifies itself.

    path_length: how many CA certificates may follow (RFC 5280 §4.2.1.9): 1 on the root, 0 on the issuing
    one, which therefore cannot make a CA of anybody.
    """
    yield x509.BasicConstraints(ca=True, path_length=path_length), True
    yield _key_usage(key_cert_sign=True, crl_sign=True), True
    own_identifier = x509.SubjectKeyIdentifier.from_public_key(public_key)
    yield own_identifier, False
    if issuer is None:
        yield x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own_identifier), False
    else:
        yield authority_key_identifier(issuer), False


def authority_key_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """The issuer's subject key identifier, word for word (RFC 5280 §4.2.1.1)."""
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
