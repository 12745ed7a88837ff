"""OCSP: the question about one certificate, and whether a response answers it.

RFC 6960, Online Certificate Status Protocol, §3.2 and §4 (https://www.rfc-editor.org/rfc/rfc6960); RFC 9654,
its nonce (https://www.rfc-editor.org/rfc/rfc9654). Pure: bytes and a clock in, value or exception out. What
is *not* checked here: whether a delegated responder was revoked. It must say that nobody needs to ask
(id-pkix-ocsp-nocheck, §4.2.2.2.1), or is refused.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import constant_time, hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from sender_constraint.certificates.errors import StatusNotVerified
from sender_constraint.core.revocation import State
from sender_constraint.core.untrusted_input import (
    MalformedInput,
    is_issued_by,
    ocsp_response_from_der,
    parsing,
    public_key_of,
)

REQUEST_TYPE = "application/ocsp-request"
RESPONSE_TYPE = "application/ocsp-response"
MAX_RESPONSE_BYTES = 16 * 1024
# RFC 9654 §2.1: clients use at least 32 octets.
NONCE_BYTES = 32
# How far in the future a pre-signed response may begin: clocks differ, and its end is checked exactly.
CLOCK_TOLERANCE = timedelta(seconds=60)

_ASKED_WITH = hashes.SHA256
_GOOD_SIGNATURE_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_STATES = {
    ocsp.OCSPCertStatus.GOOD: State.GOOD,
    ocsp.OCSPCertStatus.REVOKED: State.REVOKED,
    ocsp.OCSPCertStatus.UNKNOWN: State.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class VerifiedStatus:
    """What the issuer, or whom it delegated, signed about a certificate. Only ``verify_response`` makes it.

    revoked_at, this_update, next_update: aware. reason: as in RFC 5280 §5.3.1.
    """

    state: State
    revoked_at: datetime | None
    reason: str | None
    this_update: datetime
    next_update: datetime | None


def ocsp_request(certificate: x509.Certificate, issuer: x509.Certificate, nonce: bytes | None) -> bytes:
    """A request about one certificate, DER (RFC 6960 §4.1.1), with a nonce (RFC 9654) if one is given."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, _ASKED_WITH())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def verify_response(
    der: bytes,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    now: datetime,
    nonce: bytes | None,
) -> VerifiedStatus:
    """What a response says about a certificate, once it is found to be acceptable (RFC 6960 §3.2).

    nonce: of the request: the response is as young as that. None for a pre-signed response, such as a stapled
    one, whose age is told by thisUpdate and nextUpdate.
    now: aware. Raises StatusNotVerified, which says why.
    """
    check_size(der)
    try:
        response = ocsp_response_from_der(der)
        check_response_status(response)
        answer = the_answer(response)
        check_certificate_id(answer, certificate, issuer, nonce)
        check_signed_by_authorized(response, issuer, now)
        check_no_unknown_critical(response)
        if nonce is None:
            check_times(answer, now)
        else:
            check_nonce(response, nonce)
        return _verified(answer)
    except MalformedInput as problem:
        raise StatusNotVerified(f"the OCSP response is malformed: {problem}") from problem


def check_size(der: bytes) -> None:
    """A response about one certificate is short."""
    if len(der) > MAX_RESPONSE_BYTES:
        raise StatusNotVerified(f"the OCSP response has more than {MAX_RESPONSE_BYTES} bytes")


def check_response_status(response: ocsp.OCSPResponse) -> None:
    """RFC 6960 §4.2.1: only a successful response says anything; the others are not even signed (§2.3)."""
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise StatusNotVerified(f"the responder answered {response.response_status.name} (RFC 6960 §2.3)")


def the_answer(response: ocsp.OCSPResponse) -> ocsp.OCSPSingleResponse:
    """RFC 6960 §4.2.1: one question was asked; answers to others would only hide which one is meant."""
    answers = list(response.responses)
    if len(answers) != 1:
        raise StatusNotVerified(f"the response holds {len(answers)} answers to one question")
    return answers[0]


def check_certificate_id(
    answer: ocsp.OCSPSingleResponse,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    nonce: bytes | None,
) -> None:
    """RFC 6960 §3.2, 1: the answer is about this certificate: its issuer's name and key, and its serial.

    Who asked knows in which hash it asked; a pre-signed one may be about SHA-1 (RFC 9919 §3.1.1).
    """
    allowed = (_ASKED_WITH,) if nonce is not None else (_ASKED_WITH, hashes.SHA1)
    algorithm = answer.hash_algorithm
    if not isinstance(algorithm, allowed):
        raise StatusNotVerified(f"the answer's certID is in {algorithm.name} (RFC 6960 §3.2, 1)")
    expected = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, algorithm).build()
    for part in ("issuer_name_hash", "issuer_key_hash", "serial_number"):
        if getattr(answer, part) != getattr(expected, part):
            raise StatusNotVerified(f"the answer is about another {part} (RFC 6960 §3.2, 1)")


def check_signed_by_authorized(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> None:
    """RFC 6960 §3.2, 2 to 4: signed by the issuer itself, or by a responder that it delegated (§4.2.2.2)."""
    if _is_responder(response, issuer):
        check_signature(response, issuer)
        return
    delegate = next((each for each in response.certificates if _is_responder(response, each)), None)
    if delegate is None:
        raise StatusNotVerified("the response brings no certificate of its signer (RFC 6960 §4.2.1)")
    check_delegated(delegate, issuer, now)
    check_signature(response, delegate)


def check_delegated(delegate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> None:
    """RFC 6960 §4.2.2.2: certified by the same issuer's same key, for OCSP signing, and in its validity."""
    if not is_issued_by(delegate, issuer):
        raise StatusNotVerified("the responder's certificate is of another issuer (RFC 6960 §4.2.2.2)")
    if not delegate.not_valid_before_utc <= now <= delegate.not_valid_after_utc:
        raise StatusNotVerified("the responder's certificate is not in its validity (RFC 6960 §4.2.2.2)")
    extensions = {each.oid: each for each in delegate.extensions}
    purposes = extensions.get(x509.ExtendedKeyUsage.oid)
    if purposes is None or ExtendedKeyUsageOID.OCSP_SIGNING not in purposes.value:
        raise StatusNotVerified("the responder's certificate is not for OCSP signing (RFC 6960 §4.2.2.2)")
    usage = extensions.get(x509.KeyUsage.oid)
    if usage is not None and not usage.value.digital_signature:
        raise StatusNotVerified("the responder's key is not for signatures (RFC 5280 §4.2.1.3)")
    if x509.OCSPNoCheck.oid not in extensions:
        raise StatusNotVerified("the responder's own status would have to be asked (RFC 6960 §4.2.2.2.1)")
    if any(
        each.critical and isinstance(each.value, x509.UnrecognizedExtension) for each in extensions.values()
    ):
        raise StatusNotVerified("the responder's certificate has an unknown critical extension")


def check_signature(response: ocsp.OCSPResponse, signer: x509.Certificate) -> None:
    """RFC 6960 §3.2, 2: the signature verifies with the signer's key, by an algorithm that still counts."""
    algorithm = response.signature_hash_algorithm
    if algorithm is not None and not isinstance(algorithm, _GOOD_SIGNATURE_HASHES):
        raise StatusNotVerified(f"the response is signed with {algorithm.name} (RFC 6194 §3.1)")
    key: Any = public_key_of(signer)
    match key:
        case ec.EllipticCurvePublicKey() if algorithm is not None:
            scheme: tuple[object, ...] = (ec.ECDSA(algorithm),)
        case rsa.RSAPublicKey() if algorithm is not None and not _is_pss(response):
            scheme = (padding.PKCS1v15(), algorithm)
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            scheme = ()
        case _:
            raise StatusNotVerified("the response is signed in a way that is not supported")
    try:
        with parsing("the signature"):
            key.verify(response.signature, response.tbs_response_bytes, *scheme)
    except MalformedInput as problem:
        raise StatusNotVerified("the response's signature does not verify (RFC 6960 §3.2, 2)") from problem


def check_no_unknown_critical(response: ocsp.OCSPResponse) -> None:
    """RFC 6960 §4.4: what is critical and unknown makes the response unusable."""
    for each in (*response.extensions, *response.single_extensions):
        if each.critical and isinstance(each.value, x509.UnrecognizedExtension):
            raise StatusNotVerified(
                f"the response has the unknown critical extension {each.oid.dotted_string}"
            )


def check_nonce(response: ocsp.OCSPResponse, nonce: bytes) -> None:
    """RFC 9654 §2: the response to this very request. One without a nonce could be any older one."""
    try:
        presented = response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound as problem:
        raise StatusNotVerified("the response has no nonce (RFC 9654 §2)") from problem
    if not constant_time.bytes_eq(presented, nonce):
        raise StatusNotVerified("the response has another request's nonce (RFC 9654 §2)")


def check_times(answer: ocsp.OCSPSingleResponse, now: datetime) -> None:
    """RFC 6960 §3.2, 5 and 6, §4.2.2.1: a pre-signed answer holds from thisUpdate to nextUpdate."""
    if answer.this_update_utc > now + CLOCK_TOLERANCE:
        raise StatusNotVerified("thisUpdate is in the future (RFC 6960 §4.2.2.1)")
    if answer.next_update_utc is None:
        raise StatusNotVerified("without nextUpdate an answer tells no age (RFC 6960 §4.2.2.1)")
    if not answer.this_update_utc <= answer.next_update_utc:
        raise StatusNotVerified("nextUpdate is before thisUpdate (RFC 6960 §4.2.2.1)")
    if now > answer.next_update_utc:
        raise StatusNotVerified("nextUpdate is past (RFC 6960 §3.2, 6)")


def _verified(answer: ocsp.OCSPSingleResponse) -> VerifiedStatus:
    return VerifiedStatus(
        state=_STATES[answer.certificate_status],
        revoked_at=answer.revocation_time_utc,
        reason=answer.revocation_reason.value if answer.revocation_reason else None,
        this_update=answer.this_update_utc,
        next_update=answer.next_update_utc,
    )


def _is_responder(response: ocsp.OCSPResponse, candidate: x509.Certificate) -> bool:
    """RFC 6960 §4.2.1: the responder identifies itself by name, or by the SHA-1 of its key."""
    if response.responder_key_hash is not None:
        key = public_key_of(candidate)
        return response.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(key).digest
    return response.responder_name == candidate.subject


def _is_pss(response: ocsp.OCSPResponse) -> bool:
    return response.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS
