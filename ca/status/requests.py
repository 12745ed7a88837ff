"""Requests for the status of a certificate, read and checked: RFC 6960 §4.1, RFC 9654.

https://www.rfc-editor.org/rfc/rfc6960 https://www.rfc-editor.org/rfc/rfc9654
https://www.rfc-editor.org/rfc/rfc9919
Not read: a signature of the request, for which nobody is treated differently (RFC 6960 §4.1.2); and
extensions that the responder does not know, unless they are critical.
"""

import base64
import binascii
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from ca.status.refusals import RequestUnreadable
from sender_constraint.core.rules import enforces, rule
from sender_constraint.core.untrusted_input import MalformedInput, ocsp_request_from_der, parsing

REQUEST_MEDIA_TYPE = "application/ocsp-request"  # RFC 6960 Appendix C.1
# With the longest nonce, and every hash in the certificate's identifier, a request takes half of this.
LARGEST_REQUEST_BYTES = 1024
LONGEST_NONCE_BYTES = 128

_REQUEST = "Create the request with an OCSP library, or with openssl ocsp, and send it unchanged."

MEDIA_TYPE = rule(
    "ocsp.media-type", "RFC 6960 Appendix A.1", "The body is not declared as application/ocsp-request."
).explained(
    "Content-Type: {expected}", "{presented}", "Send the header Content-Type: application/ocsp-request."
)
SIZE = rule("ocsp.size", "RFC 9110 §15.5.14", "The OCSP request is empty or too large.").explained(
    "1 to {expected} bytes", "{presented} bytes", _REQUEST
)
ENCODING = rule(
    "ocsp.encoding", "RFC 6960 Appendix A.1", "The path does not contain a base64 request."
).explained(
    "a base64 request in the path, percent-encoded",
    "something else",
    "Percent-encode the base64 characters /, + and = in the path, or send the request by POST.",
)
SYNTAX = rule("ocsp.syntax", "RFC 6960 §4.1.1", "The body is not an OCSP request in DER.").explained(
    "an OCSP request in DER", "something else: {reason}", _REQUEST
)
SINGLE = rule("ocsp.single", "RFC 9919 §3.1.1", "The request is about more than one certificate.").explained(
    "a request about one certificate", "a request about several", "Send one request per certificate."
)
HASH = rule("ocsp.hash", "RFC 9919 §3.1.1", "The CertID's hash algorithm is not supported.").explained(
    "a certificate identified by SHA-1 or SHA-256",
    "{presented}",
    "Create the CertID with one of these hashes.",
)
SERIAL = rule(
    "ocsp.serial", "RFC 5280 §4.1.2.2", "The CertID's number is not a valid serial number."
).explained(next_step=_REQUEST)
NONCE = rule("ocsp.nonce", "RFC 9654 §2.1", "The nonce is empty, or longer than 128 bytes.").explained(
    "a nonce of 1 to {expected} bytes", "{presented}", "Send a nonce of 32 bytes."
)
EXTENSION = rule(
    "ocsp.extension", "RFC 6960 §4.1.2", "The request has an unknown critical extension."
).explained(
    "no critical extension except the nonce", "{presented}", "Omit the extension, or do not mark it critical."
)

# SHA-1 only tells authorities apart here, and is what openssl and older clients send.
_HASHES = (hashes.SHA1, hashes.SHA256, hashes.SHA384, hashes.SHA512)


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """A request that passed every check of this module: only ``read_request`` makes one.

    algorithm: of the two hashes, which are over the issuer's name and over its public key (RFC 6960 §4.1.1).
    nonce: as it was sent, None without one.
    """

    algorithm: hashes.HashAlgorithm
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial_number: int
    nonce: bytes | None


def read_request(der: bytes) -> StatusRequest:
    """Read and check a request. Raises RequestUnreadable."""
    check_size(len(der))
    request = parse(der)
    check_extensions(request.extensions)
    check_serial(request.serial_number)
    return StatusRequest(
        algorithm=check_hash(request),
        issuer_name_hash=request.issuer_name_hash,
        issuer_key_hash=request.issuer_key_hash,
        serial_number=request.serial_number,
        nonce=check_nonce(request.extensions),
    )


@enforces(MEDIA_TYPE)
def check_media_type(content_type: str | None) -> None:
    """Of a POST; parameters are ignored, as the type has none."""
    if (content_type or "").lower() != REQUEST_MEDIA_TYPE:
        raise RequestUnreadable(
            MEDIA_TYPE,
            f"Send the request as {REQUEST_MEDIA_TYPE}",
            status=415,
            expected=REQUEST_MEDIA_TYPE,
            presented=content_type,
        )


@enforces(SIZE)
def check_size(size: int) -> None:
    """Nothing that is too large is parsed. size: in bytes of DER."""
    if not 0 < size <= LARGEST_REQUEST_BYTES:
        raise RequestUnreadable(
            SIZE,
            f"An OCSP request has 1 to {LARGEST_REQUEST_BYTES} bytes",
            status=413 if size else None,
            expected=LARGEST_REQUEST_BYTES,
            presented=size,
        )


@enforces(ENCODING)
def decode_path(encoded: str) -> bytes:
    """The request in the path of a GET, base64 with the alphabet of RFC 4648 §4; percent-decoded already."""
    check_size(len(encoded) * 3 // 4)
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise RequestUnreadable(ENCODING, "The path is not base64 of an OCSP request") from None


@enforces(SYNTAX, SINGLE)
def parse(der: bytes) -> ocsp.OCSPRequest:
    """Parse a request, with its extensions.

    Of several requests in one, RFC 9919 §3.1.1 lets a client send none: each answer is signed for itself.
    """
    try:
        return ocsp_request_from_der(der)
    except MalformedInput as error:
        if isinstance(error.__cause__, NotImplementedError):
            raise RequestUnreadable(SINGLE, "Send one request per certificate") from None
        raise RequestUnreadable(SYNTAX, "The body is not an OCSP request in DER", reason=str(error)) from None


@enforces(HASH)
def check_hash(request: ocsp.OCSPRequest) -> hashes.HashAlgorithm:
    """SHA-1 or one of SHA-2."""
    try:
        with parsing("the hash algorithm"):
            algorithm = request.hash_algorithm
    except MalformedInput as error:
        raise _hash_refused(str(error)) from None
    if not isinstance(algorithm, _HASHES):
        raise _hash_refused(algorithm.name)
    return algorithm


@enforces(SERIAL)
def check_serial(number: int) -> None:
    """Not negative. Whether there is a certificate with it is for the register to say."""
    if number < 0:
        raise RequestUnreadable(SERIAL, "A serial number cannot be negative", presented=str(number)[:50])


@enforces(NONCE)
def check_nonce(extensions: x509.Extensions) -> bytes | None:
    """1 to 128 octets, if there is one."""
    try:
        nonce = extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None
    if not 0 < len(nonce) <= LONGEST_NONCE_BYTES:
        raise RequestUnreadable(
            NONCE,
            f"A nonce has 1 to {LONGEST_NONCE_BYTES} octets",
            expected=LONGEST_NONCE_BYTES,
            presented=len(nonce),
        )
    return nonce


@enforces(EXTENSION)
def check_extensions(extensions: x509.Extensions) -> None:
    """What is not critical may be ignored."""
    unknown = [
        extension.oid.dotted_string
        for extension in extensions
        if extension.critical and not isinstance(extension.value, x509.OCSPNonce)
    ]
    if unknown:
        raise RequestUnreadable(EXTENSION, "A critical extension is not supported", presented=unknown)


def _hash_refused(presented: str) -> RequestUnreadable:
    return RequestUnreadable(HASH, "Identify the certificate by SHA-1 or SHA-256", presented=presented)
