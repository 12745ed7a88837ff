"""What a certificate of this scheme says: every extension of each profile, with its reason.

RFC 5280: https://www.rfc-editor.org/rfc/rfc5280
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ObjectIdentifier

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

# RFC 6960 §4.2.2.2: signs the status of certificates in the name of the authority that issued it.
RESPONDER = Profile("ocsp", ExtendedKeyUsageOID.OCSP_SIGNING, needs_dns_name=False)
AUTHORITY = "authority"
# What the authority certifies for itself, and nobody asks for.
OWN_PROFILES = (RESPONDER.name, AUTHORITY)


@dataclass(frozen=True, slots=True)
class StatusPointers:
    """Where whoever reads a certificate finds its issuer, and learns whether it is revoked.

    All are http URLs: what they lead to is signed, and https would need the status of one more certificate.
    """

    ocsp: str
    issuer: str
    crl: str

    @classmethod
    def at(cls, origin: str, authority: str) -> "StatusPointers":
        """Those of the certificates of ``authority`` (``root`` or ``issuing``), below an origin."""
        return cls(f"{origin}/ocsp", f"{origin}/{authority}.der", f"{origin}/{authority}.crl")


def end_entity_extensions(
    profile: Profile,
    public_key: CertificatePublicKeyTypes,
    alternative_names: Sequence[x509.GeneralName],
    issuer: x509.Certificate,
    pointers: StatusPointers | None,
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
    if profile is RESPONDER:
        # RFC 6960 §4.2.2.2.1: its own status is not asked for, or there would be no end to asking. It lives
        # shortly instead.
        yield x509.OCSPNoCheck(), False
    elif pointers is not None:
        yield from pointer_extensions(pointers)


def authority_extensions(
    public_key: CertificatePublicKeyTypes,
    issuer: x509.Certificate | None,
    pointers: StatusPointers | None,
    *,
    path_length: int,
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
    if pointers is not None:
        yield from pointer_extensions(pointers)


def pointer_extensions(pointers: StatusPointers) -> Iterator[Extension]:
    """Not critical, as §4.2.1.13 and §4.2.2.1 say: whoever gets status another way need not read them."""
    access = (
        (AuthorityInformationAccessOID.OCSP, pointers.ocsp),
        (AuthorityInformationAccessOID.CA_ISSUERS, pointers.issuer),
    )
    descriptions = [x509.AccessDescription(method, _uri(url)) for method, url in access]
    yield x509.AuthorityInformationAccess(descriptions), False
    # §4.2.1.13: no reasons and no cRLIssuer: the list covers all reasons, and the issuer itself signs it.
    point = x509.DistributionPoint([_uri(pointers.crl)], None, None, None)
    yield x509.CRLDistributionPoints([point]), False


def authority_key_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """The issuer's subject key identifier, word for word (RFC 5280 §4.2.1.1)."""
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _uri(url: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(url)


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
