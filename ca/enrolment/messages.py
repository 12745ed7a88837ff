"""What EST puts into HTTP: base64, media types and certs-only messages, without deciding anything.

RFC 7030 §3.2 and §4.2 (https://www.rfc-editor.org/rfc/rfc7030), with RFC 8951 §3
(https://www.rfc-editor.org/rfc/rfc8951): bodies are base64, white space between the characters means
nothing, and a Content-Transfer-Encoding header, which HTTP does not know, is neither read nor sent.
"""

import base64
import binascii
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from django.http import HttpRequest, HttpResponse

from ca.authority.refusals import RequestMalformed
from ca.authority.requests import CORRECT_REQUEST, LARGEST_REQUEST_BYTES
from sender_constraint.core.rules import enforces, rule

REQUEST_MEDIA_TYPE = "application/pkcs10"  # RFC 5967 §2
CERTIFICATES_MEDIA_TYPE = "application/pkcs7-mime"  # RFC 7030 §4.1.3
CERTIFICATE_MEDIA_TYPE = "application/pkcs7-mime; smime-type=certs-only"  # RFC 7030 §4.2.3

# Base64 makes four of three; the rest is for line ends of any style and a PEM tool's margins.
LARGEST_BODY_BYTES = 2 * LARGEST_REQUEST_BYTES

MEDIA_TYPE = rule(
    "est.media-type", "RFC 7030 §4.2.1", "The body is not declared as application/pkcs10."
).explained("Content-Type: {expected}", "{presented}", "Send the header Content-Type: application/pkcs10.")
BODY_SIZE = rule("est.body-size", "RFC 9110 §15.5.14", "The body is too large.").explained(
    "at most {expected} bytes", "{presented}", CORRECT_REQUEST
)
ENCODING = rule("est.encoding", "RFC 8951 §3.1", "The body is not base64.").explained(
    "base64 of a DER request",
    "something else, such as DER or PEM itself",
    "Encode the request's DER in base64, without the lines BEGIN and END.",
)


def request_body(request: HttpRequest) -> bytes:
    """The certification request in a body, DER. Raises RequestMalformed."""
    check_media_type(request)
    check_body_size(request)
    return decode_body(request)


@enforces(MEDIA_TYPE)
def check_media_type(request: HttpRequest) -> None:
    """Parameters are ignored, as application/pkcs10 has none."""
    if (request.content_type or "").lower() != REQUEST_MEDIA_TYPE:
        raise RequestMalformed(
            MEDIA_TYPE,
            f"Send the request as {REQUEST_MEDIA_TYPE}",
            status=415,
            expected=REQUEST_MEDIA_TYPE,
            presented=request.content_type,
        )


@enforces(BODY_SIZE)
def check_body_size(request: HttpRequest) -> None:
    """By its length, which the front states also for a body that came in chunks."""
    announced = request.headers.get("Content-Length") or "0"
    if not announced.isdecimal() or int(announced) > LARGEST_BODY_BYTES:
        raise RequestMalformed(
            BODY_SIZE,
            f"A certification request takes at most {LARGEST_BODY_BYTES} bytes in base64",
            status=413,
            expected=LARGEST_BODY_BYTES,
            presented=announced[:20],
        )


@enforces(ENCODING)
def decode_body(request: HttpRequest) -> bytes:
    """Base64 with white space anywhere (RFC 8951 §3.1); DER and PEM are told apart from it and refused."""
    try:
        return base64.b64decode(b"".join(request.body.split()), validate=True)
    except (binascii.Error, OSError):  # OSError: the sender went away
        raise RequestMalformed(
            ENCODING, "The body is not base64 of a DER request (neither DER nor PEM itself)"
        ) from None


def certificates_response(certificates: Sequence[x509.Certificate], media_type: str) -> HttpResponse:
    """A certs-only message (RFC 7030 §4.1.3 and §4.2.3) in base64."""
    message = pkcs7.serialize_certificates(list(certificates), serialization.Encoding.DER)
    return HttpResponse(base64.encodebytes(message), content_type=media_type)
