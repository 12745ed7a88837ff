"""What is foreign and comes as DER or as a JWK: valid ones of each kind, and how each is signed again.

All keys and numbers are fixed, so that a seed repeats a run.
"""

import base64
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ObjectIdentifier

from sender_constraint.jose.jwk import jwk_of
from tests.fuzz.der import BIT_STRING, Node, copy, parse
from tests.fuzz.der_changes import NUMBERS, TEXTS, changed
from tests.sender_constraint.pki import NOW

NONCE = b"n" * 32
SERIAL = 0x4D3C2B1A
LIFETIME = timedelta(days=30)
SHA256 = hashes.SHA256()


def key(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(number, ec.SECP256R1())


ROOT_KEY, ISSUING_KEY, LEAF_KEY, RESPONDER_KEY = key(3), key(5), key(7), key(11)
STRANGERS_KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"s" * 32)


def name(common_name: str) -> x509.Name:
    return x509.Name.from_rfc4514_string(f"CN={common_name},OU=Unit+L=Town,O=Partner Ltd,C=GB")


NAMES = x509.SubjectAlternativeName(
    [
        x509.DNSName("partner.example"),
        x509.UniformResourceIdentifier("urn:example:partner"),
        x509.IPAddress(IPv4Address("192.0.2.1")),
        x509.RFC822Name("partner@partner.example"),
        x509.DirectoryName(name("within")),
        x509.RegisteredID(ObjectIdentifier("1.2.3.4")),
        x509.OtherName(ObjectIdentifier("1.2.3.5"), b"\x0c\x01a"),
    ]
)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def certificate(
    subject: str,
    issuer: str,
    public_key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey,
    signer: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    more: Sequence[x509.ExtensionType] = (),
    *,
    authority: bool = False,
) -> x509.Certificate:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(public_key)
        .serial_number(SERIAL)
        .not_valid_before(NOW - LIFETIME)
        .not_valid_after(NOW + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_usage(authority=authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(identifier, critical=False)
    )
    for each in more:
        builder = builder.add_extension(each, critical=False)
    if isinstance(signer, ed25519.Ed25519PrivateKey):
        return builder.sign(signer, None)
    return builder.sign(signer, SHA256, ecdsa_deterministic=True)


_PLACE = x509.UniformResourceIdentifier("http://ca.example/issuing.crl")
LEAF_EXTENSIONS: tuple[x509.ExtensionType, ...] = (
    x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]),
    NAMES,
    x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, _PLACE)]),
    x509.CRLDistributionPoints(
        [x509.DistributionPoint([_PLACE], None, frozenset((x509.ReasonFlags.key_compromise,)), None)]
    ),
    x509.CertificatePolicies(
        [x509.PolicyInformation(ObjectIdentifier("1.2.3.6"), ["text", x509.UserNotice(None, "notice")])]
    ),
    x509.TLSFeature([x509.TLSFeatureType.status_request]),
    x509.IssuerAlternativeName([_PLACE]),
)
ROOT = certificate("Root", "Root", ROOT_KEY.public_key(), ROOT_KEY, authority=True)
ISSUING = certificate("Issuing", "Root", ISSUING_KEY.public_key(), ROOT_KEY, authority=True)
CONSTRAINED = certificate(
    "Constrained",
    "Root",
    ISSUING_KEY.public_key(),
    ROOT_KEY,
    [
        x509.NameConstraints([x509.DNSName("example"), x509.IPAddress(IPv4Network("192.0.2.0/24"))], None),
        x509.PolicyConstraints(0, None),
        x509.InhibitAnyPolicy(0),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
    ],
    authority=True,
)
LEAF = certificate("leaf", "Issuing", LEAF_KEY.public_key(), ISSUING_KEY, LEAF_EXTENSIONS)
BELOW_CONSTRAINED = certificate(
    "leaf", "Constrained", LEAF_KEY.public_key(), ISSUING_KEY, LEAF_EXTENSIONS[:2]
)
SELF_SIGNED = certificate("own", "own", STRANGERS_KEY.public_key(), STRANGERS_KEY, LEAF_EXTENSIONS)
RESPONDER = certificate(
    "responder",
    "Issuing",
    RESPONDER_KEY.public_key(),
    ISSUING_KEY,
    [x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), x509.OCSPNoCheck()],
)


def _csr() -> bytes:
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(name("leaf"))
        .add_extension(NAMES, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.TLSFeature([x509.TLSFeatureType.status_request]), critical=False)
        .add_attribute(x509.oid.AttributeOID.CHALLENGE_PASSWORD, b"password")
    )
    return builder.sign(LEAF_KEY, SHA256, ecdsa_deterministic=True).public_bytes(Encoding.DER)


def _ocsp_request() -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(LEAF, ISSUING, SHA256)
    built = builder.add_extension(x509.OCSPNonce(NONCE), critical=False).build()
    return built.public_bytes(Encoding.DER)


def _ocsp_response(*, revoked: bool) -> bytes:
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            LEAF,
            ISSUING,
            SHA256,
            ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            NOW - timedelta(minutes=1),
            NOW + timedelta(minutes=5),
            NOW - timedelta(hours=1) if revoked else None,
            x509.ReasonFlags.key_compromise if revoked else None,
        )
        .responder_id(
            ocsp.OCSPResponderEncoding.NAME if revoked else ocsp.OCSPResponderEncoding.HASH, RESPONDER
        )
        .certificates([RESPONDER])
        .add_extension(x509.OCSPNonce(NONCE), critical=False)
    )
    return builder.sign(RESPONDER_KEY, SHA256).public_bytes(Encoding.DER)


def _revocation_list() -> bytes:
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(SERIAL)
        .revocation_date(NOW)
        .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
        .add_extension(x509.InvalidityDate(NOW.replace(tzinfo=None)), critical=False)
        .build()
    )
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ISSUING.subject)
        .last_update(NOW)
        .next_update(NOW + LIFETIME)
        .add_extension(x509.CRLNumber(7), critical=False)
        .add_extension(x509.IssuingDistributionPoint([_PLACE], None, False, False, None, False, False), False)
        .add_revoked_certificate(entry)
    )
    return builder.sign(ISSUING_KEY, SHA256, ecdsa_deterministic=True).public_bytes(Encoding.DER)


Signer = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Kind:
    """A kind of message. originals: valid ones. signer: signs what is changed; None where nothing does."""

    name: str
    originals: tuple[bytes, ...]
    signer: Signer | None = None

    @cached_property
    def _trees(self) -> tuple[Node, ...]:
        return tuple(signed_again(parse(each), self.signer) for each in self.originals)

    def changed(self, chance: random.Random) -> bytes:
        """One of the originals, changed. Four times of five it is signed, where that is its kind."""
        tree = copy(chance.choice(self._trees))
        if self.signer is None or chance.random() < 0.2:
            return bytes(changed(tree, chance))
        signed = _signed_part(tree)
        signed.inner = [changed(signed.inner[0], chance), *signed.inner[1:]] if signed.inner else None
        return bytes(signed_again(tree, self.signer))


def _signed_part(tree: Node) -> Node:
    """What has three elements: the signed value, the algorithm and the signature; in OCSP, it is within."""
    return next(each for each in tree.all() if each.inner is not None and len(each.inner) >= 3)


def signed_again(tree: Node, signer: Signer | None) -> Node:
    """The same, with a signature that verifies."""
    if signer is None:
        return tree
    part = _signed_part(tree)
    assert part.inner is not None
    content = bytes(part.inner[0])
    if isinstance(signer, ed25519.Ed25519PrivateKey):
        signature = signer.sign(content)
    else:
        signature = signer.sign(content, ec.ECDSA(SHA256, deterministic_signing=True))
    part.inner[2] = Node(BIT_STRING, b"\x00" + signature)
    return tree


def der_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


JWKS = (
    {**jwk_of(LEAF_KEY), "kid": "1", "alg": "ES256", "use": "sig", "key_ops": ["verify"]},
    {**jwk_of(STRANGERS_KEY), "kid": "2"},
    {"kty": "RSA", "n": base64.urlsafe_b64encode(b"\xc1" + b"\x01" * 255).decode().rstrip("="), "e": "AQAB"},
)
_JWK_VALUES: tuple[object, ...] = (
    None, True, 0, -1, 1.5, 2**70, "", "AA", "A", "=", "\u0000", "\ud800", "\u2028", "x" * 5000, [], {},
    ["verify"], "P-384", "secp256k1", "Ed448", "X25519", "oct", "OKP", "RSA", "EC", "none", "RS256",
    "HS256", "AQ", "AQAB", "_" * 43, "A" * 43, "Ag" * 21 + "A",
)  # fmt: skip


def changed_jwk(leaf: Callable[[random.Random], bytes], chance: random.Random) -> bytes:
    """A JWK, as JSON. leaf: makes the certificates of ``x5c``."""
    jwk: dict[str, object] = dict(chance.choice(JWKS))
    if chance.random() < 0.5:
        encoded = base64.b64encode(leaf(chance)).decode()
        jwk["x5c"] = chance.choice(([encoded], [encoded] * 3, encoded))
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        member = chance.choice((*jwk, "kty", "crv", "d", "k", "x5t#S256", "x5u"))
        if chance.random() < 0.2:
            jwk.pop(member, None)
        elif chance.random() < 0.3:
            raw = chance.choice((*TEXTS, *NUMBERS, chance.randbytes(32), chance.randbytes(256)))
            jwk[member] = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        else:
            jwk[member] = chance.choice(_JWK_VALUES)
    return json.dumps(jwk).encode()


LEAVES = Kind("certificate", (der_of(LEAF),), ISSUING_KEY)
OWN = Kind("self-signed certificate", (der_of(SELF_SIGNED),), STRANGERS_KEY)
AUTHORITIES = Kind("intermediate certificate", (der_of(ISSUING), der_of(CONSTRAINED)), ROOT_KEY)
REQUESTS = Kind("certification request", (_csr(),), LEAF_KEY)
OCSP_REQUESTS = Kind("OCSP request", (_ocsp_request(),))
OCSP_RESPONSES = Kind(
    "OCSP response", (_ocsp_response(revoked=False), _ocsp_response(revoked=True)), RESPONDER_KEY
)
REVOCATION_LISTS = Kind("revocation list", (_revocation_list(),), ISSUING_KEY)
BUNDLES = Kind("PKCS #7 bundle", (pkcs7.serialize_certificates([LEAF, ISSUING], Encoding.DER),))
