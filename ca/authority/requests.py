"""Certification requests (PKCS #10, RFC 2986): what this authority demands of one before it certifies it.

Each check is one rule. Names are judged in ``ca.authority.entitlements``, because who may have which name
depends on who asks.

RFC 2986: https://www.rfc-editor.org/rfc/rfc2986
Not looked at: the challengePassword attribute, and all requested extensions but the SAN and the basic
constraints: the profile decides what a certificate says, not the request (RFC 2986 §3, last paragraph).
"""

import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from ca.authority.refusals import EnrolmentRefused, RequestMalformed
from sender_constraint.core.rules import enforces, rule
from sender_constraint.core.untrusted_input import (
    MalformedInput,
    certification_request_from_der,
    parsing,
    public_key_of,
)

# A request with an RSA key of 4096 bits and twenty names takes two kibibytes.
LARGEST_REQUEST_BYTES = 16 * 1024

# A refused request does not use up the one-time secret.
CORRECT_REQUEST = "Correct the request, and send it again; a refused request does not use up the secret."

SIZE = rule("csr.size", "RFC 2986 §4", "The certification request is empty or too large.").explained(
    "1 to {expected} bytes", "{presented} bytes", CORRECT_REQUEST
)
SYNTAX = rule(
    "csr.syntax", "RFC 2986 §4.2", "The body is not a PKCS #10 certification request in DER."
).explained("a PKCS #10 request in DER", "something else: {reason}", CORRECT_REQUEST)
KEY = rule(
    "csr.key", "RFC 5280 §4.1.2.7", "The public key is not P-256, P-384 or RSA of 2048 to 4096 bits."
).explained(
    "a key on P-256 or P-384, or RSA of 2048 to 4096 bits",
    "{presented}",
    "Generate a P-256 key, and request a certificate for it.",
)
SIGNATURE_ALGORITHM = rule(
    "csr.signature-algorithm", "RFC 2986 §4.2", "The request's hash algorithm is broken or unknown."
).explained("a signature over SHA-256, SHA-384 or SHA-512", "the algorithm {presented}", CORRECT_REQUEST)
SIGNATURE = rule(
    "csr.signature", "RFC 2986 §4.2", "The request is not signed with its own key: no proof of possession."
).explained(
    "a request signed with the key in it",
    "a signature by another key, or over other content",
    "Sign the request with the private key that matches its public key, and change nothing afterwards.",
)
AUTHORITY = rule("csr.authority", "RFC 5280 §4.2.1.9", "The request is for a CA certificate.").explained(
    "a request for an end-entity certificate",
    "basic constraints that request a CA certificate",
    "Omit the basic constraints from the request.",
)

_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


@dataclass(frozen=True, slots=True)
class KeyProfile:
    """Which public keys are certified. curves: names. rsa: whether RSA keys are too. said: to the asker."""

    curves: tuple[str, ...]
    rsa: bool
    said: str


ANY_KEY = KeyProfile(
    (ec.SECP256R1.name, ec.SECP384R1.name),
    rsa=True,
    said="EC on P-256 or P-384, or RSA with 2048 to 4096 bits and exponent 65537",
)
# Said to be FAPI 1.0 Advanced's, which has no such demand: docs/claims.md.
EC_256 = KeyProfile((ec.SECP256R1.name,), rsa=False, said="EC on P-256")
KEY_PROFILES = {"": ANY_KEY, "fapi1-advanced": EC_256}


@dataclass(frozen=True)
class CertificationRequest:
    """A request that passed every check of this module: only ``verify_request`` makes one.

    public_key_digest: SHA-256 over the SubjectPublicKeyInfo in DER, hexadecimal.
    """

    public_key: CertificatePublicKeyTypes
    public_key_digest: str
    subject: x509.Name
    alternative_names: tuple[x509.GeneralName, ...]


def verify_request(der: bytes, keys: KeyProfile = ANY_KEY) -> CertificationRequest:
    """Read and check a request. keys: which are certified. Raises RequestMalformed or EnrolmentRefused.

    The subject is written anew from its decoded values, so that the certificate says what was checked and
    not how the request happened to encode it (RFC 5280 §4.1.2.4 wants PrintableString or UTF8String).
    """
    check_size(der)
    csr = read_request(der)
    check_key(csr, keys)
    check_signature_algorithm(csr)
    check_signature(csr)
    check_asks_for_no_authority(csr)
    public_key = csr.public_key()
    return CertificationRequest(
        public_key=public_key,
        public_key_digest=public_key_digest(public_key),
        subject=_written_anew(csr.subject),
        alternative_names=_alternative_names(csr),
    )


def public_key_digest(public_key: CertificatePublicKeyTypes) -> str:
    """SHA-256 over the SubjectPublicKeyInfo in DER, hexadecimal: the same for the same key."""
    encoded = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(encoded).hexdigest()


@enforces(SIZE)
def check_size(der: bytes) -> None:
    """Nothing that is too large is parsed."""
    if not 0 < len(der) <= LARGEST_REQUEST_BYTES:
        raise RequestMalformed(
            SIZE,
            f"A certification request has 1 to {LARGEST_REQUEST_BYTES} bytes",
            expected=LARGEST_REQUEST_BYTES,
            presented=len(der),
        )


@enforces(SYNTAX)
def read_request(der: bytes) -> x509.CertificateSigningRequest:
    """Parse a request. Its subject must be one that can be written into a certificate."""
    try:
        csr = certification_request_from_der(der)
        with parsing("the subject"):
            _written_anew(csr.subject)
    except MalformedInput as error:
        raise RequestMalformed(
            SYNTAX, "The body is not a PKCS #10 certification request in DER", reason=str(error)
        ) from None
    return csr


@enforces(KEY)
def check_key(csr: x509.CertificateSigningRequest, keys: KeyProfile = ANY_KEY) -> None:
    """Accept what every party can verify: not Ed25519, which verifiers of Web PKI profiles do not know."""
    try:
        key = public_key_of(csr)
    except MalformedInput as error:
        raise _key_refused(keys, str(error)) from None
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in keys.curves:
            raise _key_refused(keys, key.curve.name)
    elif isinstance(key, rsa.RSAPublicKey) and keys.rsa:
        # An exponent below 65537 is no use to anybody, and padding mistakes become attacks with it.
        if not 2048 <= key.key_size <= 4096 or key.public_numbers().e < 65537:
            raise _key_refused(keys, f"RSA, {key.key_size} bits, exponent {key.public_numbers().e}")
    else:
        raise _key_refused(keys, type(key).__name__)


@enforces(SIGNATURE_ALGORITHM)
def check_signature_algorithm(csr: x509.CertificateSigningRequest) -> None:
    """SHA-256, SHA-384 or SHA-512."""
    try:
        with parsing("the signature algorithm"):
            algorithm = csr.signature_hash_algorithm
    except MalformedInput:
        algorithm = None
    if not isinstance(algorithm, _HASHES):
        raise RequestMalformed(
            SIGNATURE_ALGORITHM,
            "Sign the request with SHA-256, SHA-384 or SHA-512",
            presented=csr.signature_algorithm_oid.dotted_string,
        )


@enforces(SIGNATURE)
def check_signature(csr: x509.CertificateSigningRequest) -> None:
    """Proof of possession of the private key (RFC 7030 §3.4)."""
    try:
        with parsing("the signature"):
            valid = csr.is_signature_valid
    except MalformedInput:
        valid = False
    if not valid:
        raise RequestMalformed(SIGNATURE, "The request is not signed with its own key")


@enforces(AUTHORITY)
def check_asks_for_no_authority(csr: x509.CertificateSigningRequest) -> None:
    """Say so, rather than issue something else than what was asked for."""
    constraints = _basic_constraints(csr)
    if constraints is not None and constraints.ca:
        raise EnrolmentRefused(AUTHORITY, "This CA does not issue CA certificates")


def _key_refused(keys: KeyProfile, presented: str) -> RequestMalformed:
    return RequestMalformed(KEY, f"The key must be {keys.said}", expected=keys.said, presented=presented)


def _alternative_names(csr: x509.CertificateSigningRequest) -> tuple[x509.GeneralName, ...]:
    try:
        extension = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(extension.value)


def _basic_constraints(csr: x509.CertificateSigningRequest) -> x509.BasicConstraints | None:
    try:
        return csr.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return None


def _written_anew(name: x509.Name) -> x509.Name:
    return x509.Name(
        [
            x509.RelativeDistinguishedName([x509.NameAttribute(each.oid, each.value) for each in rdn])
            for rdn in name.rdns
        ]
    )
