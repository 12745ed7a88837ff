"""What of a request is refused before any application sees it, and the reading of its body.

RFC 9110, HTTP Semantics (https://www.rfc-editor.org/rfc/rfc9110) and RFC 9112, HTTP/1.1
(https://www.rfc-editor.org/rfc/rfc9112). gunicorn parses; this module names the rule, and the answer.
"""

import io
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, urlsplit

from gunicorn.http import errors
from gunicorn.http.errors import NoMoreData, ParseException

from sender_constraint.core.correlation import CORRELATION_HEADER, accepted_correlation_id
from sender_constraint.core.errors import Refusal
from sender_constraint.core.rules import enforces, rule
from sender_constraint.tls.deadline_socket import PacedSocket
from sender_constraint.tls.limits import Phase

_CLIENT = "Check the HTTP client, and anything between it and the server: the request arrived damaged."
_UNCOMPRESSED = "Send the body uncompressed."

SYNTAX = rule("http.syntax", "RFC 9112 §2.2", "The request is malformed or ambiguous.").explained(
    "a valid HTTP/1.1 request", "an invalid one: {reason}", _CLIENT
)
HOST = rule("http.host", "RFC 9112 §3.2", "The Host header is missing.").explained(
    "one Host header", "no Host header", _CLIENT
)
TARGET = rule(
    "http.target", "RFC 9110 §7.4", "The request target has another scheme than the connection."
).explained("a target with the scheme of this connection", "a target with another scheme", _CLIENT)
CODING = rule("http.transfer-coding", "RFC 9112 §6.1", "The transfer coding is not supported.").explained(
    "chunked, or no transfer coding", "{presented}", _UNCOMPRESSED
)
CONTENT_CODING = rule(
    "http.content-coding", "RFC 9110 §8.4", "The body has a content coding, which is not supported."
).explained("a body without content coding", "{presented}", _UNCOMPRESSED)
BODY_SIZE = rule("http.body-size", "RFC 9110 §15.5.14", "The body is too large.").explained(
    "at most {expected} bytes", "{presented} bytes", "Send a shorter body."
)
PACE = rule(
    "http.pace", "RFC 9112 §9.5", "The request was not sent, or its response not read, in time."
).explained(
    "a request sent, and a response read, in time",
    "too slow: the {waited_for}",
    "Check the network, and what the client does while it sends.",
)
RECORDS = rule(
    "tls.records", "RFC 8446 §4.6.3", "The request has too many TLS records without application data."
).explained(
    "at most {expected} TLS records without application data in one request",
    "{presented}",
    "Check the TLS library: it sends KeyUpdates, alerts or empty records without data in between.",
)

# A client sends none, or one KeyUpdate in millions of records. Go ends a connection after as many.
MAX_RECORDS_WITHOUT_DATA = 16

CRLF = "\r\n"

Headers = Sequence[tuple[str, str]]

_STATUS_OF_SYNTAX: dict[type[ParseException], HTTPStatus] = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
}


class RequestRefused(Refusal):
    """The server refused a request before its application saw it."""

    code = "invalid_request"


@enforces(SYNTAX)
def check_syntax(error: Exception) -> None:
    """Refuse what gunicorn's parser did not accept. Raises RequestRefused.

    Only the kind of the error is kept: its text holds pieces of the request, which may be secrets.
    """
    if isinstance(error, ParseException) and not _is_ours(error):
        status = _STATUS_OF_SYNTAX.get(type(error), HTTPStatus.BAD_REQUEST)
        raise RequestRefused(SYNTAX, "Malformed request", status=status, reason=type(error).__name__)


@enforces(HOST)
def check_host(version: tuple[int, int], headers: Headers) -> None:
    """Refuse a request of HTTP/1.1 without Host; gunicorn refuses several. Raises RequestRefused."""
    if version >= (1, 1) and not any(name == "HOST" for name, _ in headers):
        raise RequestRefused(HOST, "No host", status=HTTPStatus.BAD_REQUEST)


@enforces(TARGET)
def check_target(uri: str, scheme: str) -> None:
    """Refuse an absolute-form target of another scheme. Raises RequestRefused with 421 (RFC 9110 §15.5.20).

    What is for ``https`` was never meant for a connection in the clear; and who sends ``http`` over TLS takes
    us for a proxy.
    """
    presented = _absolute(uri)
    if presented.scheme and (presented.scheme != scheme or not presented.netloc):
        status = HTTPStatus.MISDIRECTED_REQUEST
        raise RequestRefused(
            TARGET, "Misdirected request", status=status, expected=scheme, presented=presented.scheme
        )


@enforces(CODING)
def check_coding(headers: Headers) -> None:
    """Refuse ``gzip, chunked``: gunicorn lets it pass for the application to undo. Raises RequestRefused.

    Whoever undid it in between would read another body than this server. Codings that gunicorn does not
    know, and ``chunked`` in another place than the last, it has refused already.
    """
    codings = [value for name, value in headers if name == "TRANSFER-ENCODING"]
    if any(coding.strip(" \t").lower() != "chunked" for each in codings for coding in each.split(",")):
        status = HTTPStatus.NOT_IMPLEMENTED
        raise RequestRefused(CODING, "Unsupported transfer coding", status=status, presented=codings)


@enforces(CONTENT_CODING)
def check_content_coding(headers: Headers) -> None:
    """Refuse a Content-Encoding, for the same reason. Raises RequestRefused with 415 (§15.5.16)."""
    presented = [value for name, value in headers if name == "CONTENT-ENCODING"]
    if any(value.strip(" \t").lower() not in ("", "identity") for value in presented):
        status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        raise RequestRefused(CONTENT_CODING, "Unsupported content coding", status=status, presented=presented)


@enforces(BODY_SIZE)
def check_body_size(size: int, limit: int) -> None:
    """Refuse a body of more than ``limit`` bytes. Raises RequestRefused with 413."""
    if size > limit:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        raise RequestRefused(BODY_SIZE, "Body too large", status=status, expected=limit, presented=size)


@enforces(PACE)
def check_pace(expired: Phase | None) -> None:
    """Refuse a request that began, and neither arrived nor was answered in time. Raises RequestRefused."""
    if expired in (Phase.HEADER, Phase.BODY, Phase.RESPONSE):
        status = HTTPStatus.REQUEST_TIMEOUT
        raise RequestRefused(PACE, "Request too slow", status=status, waited_for=expired.value)


@enforces(RECORDS)
def check_records(without_data: int) -> None:
    """Refuse one KeyUpdate, alert or empty record too many in one request. Raises RequestRefused.

    without_data: the number of records so far that carried none.
    """
    if without_data > MAX_RECORDS_WITHOUT_DATA:
        raise RequestRefused(
            RECORDS,
            "Too many TLS records without data",
            status=HTTPStatus.BAD_REQUEST,
            expected=MAX_RECORDS_WITHOUT_DATA,
            presented=without_data,
        )


def check_head(request: Any) -> None:
    """Refuse what gunicorn's parser accepts and HTTP does not, or this server cannot read.

    Raises RequestRefused.
    """
    check_host(request.version, request.headers)
    check_target(request.uri, request.scheme)
    take_host_from_target(request)
    check_coding(request.headers)
    check_content_coding(request.headers)


def take_host_from_target(request: Any) -> None:
    """The authority of an absolute-form target takes the place of Host (RFC 9112 §3.2.2).

    The application decides for which hosts it answers: by one name it must not be reached under another.
    """
    if authority := _absolute(request.uri).netloc:
        others = [header for header in request.headers if header[0] != "HOST"]
        request.headers = [("HOST", authority), *others]


def read_body(request: Any, connection: PacedSocket, limit: int) -> None:
    """Read the whole body of a gunicorn request, so that no application ever waits for one.

    Afterwards the request has a Content-Length and no transfer coding: Django reads nothing without it.
    Raises RequestRefused if the body is longer than ``limit``, as soon as that is known, and NoMoreData if
    it ends before its length.
    """
    declared = next((int(value) for name, value in request.headers if name == "CONTENT-LENGTH"), None)
    check_body_size(declared or 0, limit)
    if request._expected_100_continue:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        request._expected_100_continue = False
    connection.begin(Phase.BODY)
    body = request.body.read(limit + 1)
    check_body_size(len(body), limit)
    if len(body) < (declared or 0):
        raise NoMoreData(b"")
    if body and declared is None:
        framing = ("TRANSFER-ENCODING", "CONTENT-LENGTH")
        request.headers = [header for header in request.headers if header[0] not in framing]
        request.headers.append(("CONTENT-LENGTH", str(len(body))))
    request.body = io.BytesIO(body)


def correlation_id_in(request: Any) -> str:
    """The correlation id of a gunicorn request; a fresh one where its header was not read."""
    headers = getattr(request, "headers", None) or ()
    name = CORRELATION_HEADER.upper()
    return accepted_correlation_id(next((value for each, value in headers if each == name), None))


def answer(status: int, correlation_id: str) -> bytes:
    """A whole response (problem details, RFC 9457) that closes the connection."""
    title = HTTPStatus(status).phrase
    content = json.dumps({"type": "about:blank", "title": title, "status": status}).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\n"
        "Content-Type: application/problem+json\r\n"
        f"Content-Length: {len(content)}\r\n"
        "Cache-Control: no-store\r\n"
        f"{CORRELATION_HEADER}: {correlation_id}\r\n"
        f"{'Retry-After: 1' + CRLF if status == HTTPStatus.SERVICE_UNAVAILABLE else ''}"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + content


def _absolute(uri: str) -> SplitResult:
    """The parts of a target in absolute-form; nothing where it is in another form (RFC 9112 §3.2)."""
    return urlsplit("" if uri.startswith("/") else uri)


def _is_ours(error: ParseException) -> bool:
    """Whether the fault is the application's or the configuration's, not the request's."""
    ours = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName, errors.ConfigurationProblem)
    return isinstance(error, ours)
