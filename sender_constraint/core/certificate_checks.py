"""Checks of a caller's certificate, by the role that the certificate plays.

RFC 5280, Internet X.509 Public Key Infrastructure, §4 and §6 (https://www.rfc-editor.org/rfc/rfc5280);
RFC 8705 §2.1 and §3 (https://www.rfc-editor.org/rfc/rfc8705). TLS has proven possession of the key and
nothing else: everything here is decided by the application, on every request.

The last parameter of each check, ``error``, is the refusal to raise: InvalidClient where a client is
authenticated, InvalidToken where a token's binding is proven. What is *not* checked here: revocation
(``revocation``), and names, which belong to a registration.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder

from sender_constraint.core.chain_diagnosis import diagnosis
from sender_constraint.core.errors import Refusal
from sender_constraint.core.guidance import CLIENT_CERTIFICATE, Comparison
from sender_constraint.core.names import distinguished_name
from sender_constraint.core.rules import enforces, rule
from sender_constraint.core.thumbprints import certificate_thumbprint
from sender_constraint.core.trust_anchors import TrustAnchors as TrustAnchors
from sender_constraint.core.trust_anchors import VerifiedChain
from sender_constraint.core.untrusted_input import (
    MalformedInput,
    certificate_from_der,
    parsing,
    public_key_of,
)

MAX_CERTIFICATE_BYTES = 16 * 1024
MAX_PRESENTED_CERTIFICATES = 10
SHORTEST_RSA_KEY_BITS = 2048
SHORTEST_CURVE_BITS = 224
# Whoever builds paths checks up to a hundred signatures before giving up. With the keys of 16,384 bits and
# the exponents of 3,071 that OpenSSL would take, one request could keep a server busy for a second.
LONGEST_RSA_KEY_BITS = 4096
LONGEST_RSA_EXPONENT_BITS = 32

_NO_CLIENT_AUTH = (
    "Use a client certificate of the scheme. Public authorities such as Let's Encrypt no longer issue "
    "clientAuth; docs/public-certificates.md lists the three alternatives."
)

MISSING = rule("certificate.missing", "RFC 8705 §2", "No client certificate was presented.").explained(
    "a client certificate in the TLS handshake",
    "no certificate",
    "Configure the TLS client with the certificate, its chain and its key. Behind a proxy, make sure that "
    "the proxy does not terminate TLS.",
)
MALFORMED = rule(
    "certificate.malformed", "RFC 5280 §4.1", "The certificate is malformed or too large."
).explained(
    "an X.509 certificate in DER, at most 16 KiB", "a certificate that cannot be parsed", CLIENT_CERTIFICATE
)
NOT_YET_VALID = rule(
    "certificate.not-yet-valid", "RFC 5280 §4.1.2.5", "The certificate is not yet valid."
).explained(
    "a certificate that is valid now", "a certificate that is not yet valid", compare=Comparison.START
)
EXPIRED = rule("certificate.expired", "RFC 5280 §4.1.2.5", "The certificate has expired.").explained(
    "a certificate that has not expired",
    "an expired certificate",
    "Renew the certificate in the last third of its lifetime (EST simplereenroll), and check that the "
    "process uses the new one.",
    compare=Comparison.EXPIRY,
)
PURPOSE_MISSING = rule(
    "certificate.purpose-missing", "RFC 5280 §4.2.1.12", "The certificate has no extended key usage."
).explained(
    "a certificate with the extended key usage clientAuth",
    "a certificate without extended key usage",
    _NO_CLIENT_AUTH,
)
PURPOSE_WRONG = rule(
    "certificate.purpose-wrong", "RFC 5280 §4.2.1.12", "The certificate is for another purpose."
).explained(
    "the extended key usage {expected} (clientAuth is 1.3.6.1.5.5.7.3.2, serverAuth is ...3.1)",
    "{presented}",
    f"A server certificate does not authenticate a caller. {_NO_CLIENT_AUTH}",
)
IS_AUTHORITY = rule(
    "certificate.is-authority",
    "RFC 5280 §4.2.1.9",
    "A CA certificate cannot be used as a client certificate.",
).explained("an end-entity certificate", "a CA certificate (basic constraints)", CLIENT_CERTIFICATE)
KEY_USAGE = rule(
    "certificate.key-usage", "RFC 5280 §4.2.1.3", "The certificate's key usage lacks digitalSignature."
).explained("the key usage digitalSignature", "other key usages", CLIENT_CERTIFICATE)
KEY = rule(
    "certificate.key",
    "RFC 9325 §4.5",
    "A key in the chain is too weak (RSA below 2048 bits, curve below 224, DSA) or above RSA 4096.",
).explained(
    "an RSA key of 2048 to 4096 bits, or an elliptic curve of at least 224 bits, for the presented "
    "issuers too",
    "{presented}",
    "Generate a new key (usually P-256), and enrol with it.",
)
CHAIN = rule(
    "certificate.chain", "RFC 5280 §6.1", "The certificate does not chain to a trusted root."
).explained(
    "a chain of certificates to one of the scheme's roots",
    "issuer {issuer}",
    CLIENT_CERTIFICATE,
    compare=Comparison.CERTIFICATE_CHAIN,
)


@dataclass(frozen=True, slots=True)
class VerifiedCertificate:
    """A certificate that passed the checks of its role.

    Only ``verify_client_certificate`` and ``resource_server.binding_certificate`` construct it.

    thumbprint: base64url, unpadded, SHA-256 of DER.
    chain: from the certificate to the anchor; empty where it is not of the scheme.
    """

    certificate: x509.Certificate
    thumbprint: str
    chain: tuple[x509.Certificate, ...]


def verify_client_certificate(
    certificates: Sequence[bytes], anchors: TrustAnchors, now: datetime, error: type[Refusal]
) -> VerifiedCertificate:
    """Verify the certificate of a client of the PKI method (RFC 8705 §2.1), up to its name.

    certificates: DER, as presented, the client's own first. now: aware.
    """
    check_presented(certificates, error)
    certificate = load_certificate(certificates[0], error)
    check_validity(certificate, now, error)
    check_purpose(certificate, error)
    check_not_ca(certificate, error)
    check_key_usage(certificate, error)
    check_key(certificate, error)
    chain = check_chain(certificate, certificates[1:], anchors, now, error)
    return VerifiedCertificate(certificate, certificate_thumbprint(certificates[0]), chain or ())


@enforces(MISSING)
def check_presented(
    certificates: Sequence[bytes],
    error: type[Refusal],
    description: str = "No client certificate was presented",
) -> None:
    """RFC 8705 §2: mutual TLS needs a certificate."""
    if not certificates:
        raise error(MISSING, description)


@enforces(MALFORMED)
def load_certificate(der: bytes, error: type[Refusal]) -> x509.Certificate:
    """Parse a certificate of at most MAX_CERTIFICATE_BYTES, and every field of it but the key."""
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise error(MALFORMED, "The certificate is too large", limit_bytes=MAX_CERTIFICATE_BYTES)
    try:
        return certificate_from_der(der)
    except MalformedInput as problem:
        raise error(MALFORMED, "The certificate is malformed", problem=str(problem)) from problem


def check_validity(certificate: x509.Certificate, now: datetime, error: type[Refusal]) -> None:
    """RFC 5280 §4.1.2.5: from notBefore to notAfter, both included."""
    check_not_before(certificate, now, error)
    check_not_after(certificate, now, error)


@enforces(NOT_YET_VALID)
def check_not_before(certificate: x509.Certificate, now: datetime, error: type[Refusal]) -> None:
    """RFC 5280 §4.1.2.5: not before notBefore."""
    if now < certificate.not_valid_before_utc:
        raise error(
            NOT_YET_VALID,
            "The certificate is not yet valid",
            not_before=certificate.not_valid_before_utc.isoformat(),
            now=now.isoformat(),
        )


@enforces(EXPIRED)
def check_not_after(certificate: x509.Certificate, now: datetime, error: type[Refusal]) -> None:
    """RFC 5280 §4.1.2.5: not after notAfter."""
    if now > certificate.not_valid_after_utc:
        raise error(
            EXPIRED,
            "The certificate has expired",
            not_after=certificate.not_valid_after_utc.isoformat(),
            now=now.isoformat(),
        )


def check_purpose(
    certificate: x509.Certificate,
    error: type[Refusal],
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
) -> None:
    """RFC 5280 §4.2.1.12: the extended key usage is stated, and names this purpose (not just any)."""
    check_purpose_stated(certificate, error)
    check_purpose_named(certificate, error, purpose)


@enforces(PURPOSE_MISSING)
def check_purpose_stated(certificate: x509.Certificate, error: type[Refusal]) -> None:
    """A certificate without extended key usage would be good for everything: here it is for nothing."""
    if _purposes(certificate) is None:
        raise error(PURPOSE_MISSING, "The certificate has no extended key usage")


@enforces(PURPOSE_WRONG)
def check_purpose_named(
    certificate: x509.Certificate, error: type[Refusal], purpose: x509.ObjectIdentifier
) -> None:
    """RFC 5280 §4.2.1.12: used only for a purpose that it names; anyExtendedKeyUsage names none."""
    presented = _purposes(certificate)
    if presented is not None and purpose not in presented:
        raise error(
            PURPOSE_WRONG,
            "The certificate is not for this purpose",
            expected=purpose.dotted_string,
            presented=[each.dotted_string for each in presented],
        )


@enforces(IS_AUTHORITY)
def check_not_ca(certificate: x509.Certificate, error: type[Refusal]) -> None:
    """RFC 5280 §4.2.1.9: an authority's key signs certificates; it does not call anyone."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return
    if constraints.ca:
        raise error(IS_AUTHORITY, "The certificate is a CA certificate")


@enforces(KEY_USAGE)
def check_key_usage(certificate: x509.Certificate, error: type[Refusal]) -> None:
    """RFC 5280 §4.2.1.3: where uses are stated, digitalSignature is among them: it signs the handshake."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not usage.digital_signature:
        raise error(KEY_USAGE, "The certificate's key usage lacks digitalSignature")


@enforces(KEY)
def check_key(certificate: x509.Certificate, error: type[Refusal]) -> None:
    """RFC 9325 §4.5: possession proves nothing of a key that others can compute.

    TLS does not look: the front accepts any certificate. Of issuers that are presented with it, the chain
    looks at keys that are too weak, and only this at keys with which each signature takes long to check.
    """
    try:
        key = public_key_of(certificate)
    except MalformedInput as problem:
        raise error(KEY, "The certificate's key is not supported", problem=str(problem)) from problem
    match key:
        case rsa.RSAPublicKey():
            fits = SHORTEST_RSA_KEY_BITS <= key.key_size <= LONGEST_RSA_KEY_BITS
            fits = fits and key.public_numbers().e.bit_length() <= LONGEST_RSA_EXPONENT_BITS
        case ec.EllipticCurvePublicKey():
            fits = key.key_size >= SHORTEST_CURVE_BITS
        case _:
            fits = not isinstance(key, dsa.DSAPublicKey)
    if not fits:
        presented = f"{type(key).__name__}, {getattr(key, 'key_size', None)} bits"
        raise error(KEY, "The certificate's key is too weak or too long", presented=presented)


@enforces(CHAIN)
def check_chain(
    certificate: x509.Certificate,
    presented: Sequence[bytes],
    anchors: TrustAnchors,
    now: datetime,
    error: type[Refusal],
) -> tuple[x509.Certificate, ...]:
    """RFC 5280 §6.1: a path of issuers leads to an anchor. Returns it, the certificate first.

    presented: DER of the issuers that the caller sent; those of the scheme's bundle are used beside them.
    The path is judged at ``now``, or at the end of the certificate's own validity nearest to it: its own
    validity and its purpose are checks of their own, so that each is refused with its own reason.
    """
    if len(presented) >= MAX_PRESENTED_CERTIFICATES:
        raise error(CHAIN, "Too many certificates were presented", presented=len(presented) + 1)
    time = min(max(now, certificate.not_valid_before_utc), certificate.not_valid_after_utc)
    as_presented = (certificate.public_bytes(Encoding.DER), *presented)
    if remembered := anchors.verified.recall(as_presented, time):
        return remembered.certificates
    issuers = [load_certificate(each, error) for each in presented]
    for issuer in issuers:
        check_key(issuer, error)
    verifier = (
        PolicyBuilder()
        .store(anchors.store)
        .time(time)
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=_END_ENTITY_POLICY)
        .build_client_verifier()
    )
    try:
        with parsing("the chain"):
            path = verifier.verify(certificate, [*issuers, *anchors.intermediates]).chain
    except MalformedInput as problem:
        raise error(
            CHAIN,
            "The certificate does not chain to a trusted root",
            problem=str(problem)[:500],
            issuer=str(distinguished_name(certificate.issuer))[:500],
            **diagnosis(certificate, issuers, anchors, time),
        ) from problem
    chain = VerifiedChain(tuple(path))
    anchors.verified.remember(as_presented, chain)
    return chain.certificates


# The defaults of cryptography.x509.verification demand a subject alternative name, which RFC 8705 §2.1.2
# does not where a client is registered by subject; and they check a purpose only where one is stated,
# which check_purpose does better, for each purpose and with its own reason.
_END_ENTITY_POLICY = (
    ExtensionPolicy.webpki_defaults_ee()
    .may_be_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
    .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, None)
)


def _purposes(certificate: x509.Certificate) -> list[x509.ObjectIdentifier] | None:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return None
