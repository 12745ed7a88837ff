"""The form that a client posts to an endpoint, from bytes to parameters.

RFC 6749 §3.2 and Appendix B, https://www.rfc-editor.org/rfc/rfc6749; RFC 7662 §2.1 and RFC 7009 §2.1 require
the same. This module does not interpret the parameters.
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest

from sender_constraint.core.errors import InvalidRequest
from sender_constraint.core.rules import enforces, rule

_FORM = "Send a POST with an application/x-www-form-urlencoded body in UTF-8, each parameter once."

METHOD = rule("token-request.method", "RFC 6749 §3.2", "The method is not POST.").explained(
    "POST", "{presented}", _FORM
)
QUERY = rule(
    "token-request.query", "RFC 6749 §2.3.1", "Parameters are in the URL, where proxies and logs keep them."
).explained("all parameters in the body", "parameters in the URL", _FORM)
CONTENT_TYPE = rule(
    "token-request.content-type",
    "RFC 6749 §3.2",
    "The body is not application/x-www-form-urlencoded in UTF-8.",
).explained("application/x-www-form-urlencoded", "Content-Type {presented}", _FORM)
BODY_SIZE = rule("token-request.body-size", "RFC 9110 §15.5.14", "The body is too large.").explained(
    "at most {expected} bytes", "{presented} bytes", _FORM
)
ENCODING = rule(
    "token-request.encoding", "RFC 6749 §B", "The body has invalid percent-encoding, UTF-8 or characters."
).explained("percent-encoded UTF-8 without control characters", "an invalid body: {problem}", _FORM)
REPEATED = rule("token-request.repeated", "RFC 6749 §3.2", "A parameter is repeated.").explained(
    "each parameter once", "repeated: {presented}", _FORM
)

LARGEST_BODY_BYTES = 16_384
LONGEST_CLIENT_ID_RECORDED = 128
FORM = "application/x-www-form-urlencoded"

# RFC 8707 §2: the one parameter that may be repeated.
_REPEATABLE = frozenset(("resource",))
_BROKEN_PERCENT_ENCODING = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")

Form = Mapping[str, tuple[str, ...]]


@enforces(METHOD)
def check_method(method: str | None) -> None:
    """RFC 6749 §3.2: the client MUST use POST."""
    if method != "POST":
        raise InvalidRequest(METHOD, "This endpoint requires POST", status=405, presented=method)


@enforces(QUERY)
def check_query(query: str) -> None:
    """RFC 6749 §2.3.1: parameters MUST NOT be included in the request URI."""
    if query:
        raise InvalidRequest(QUERY, "Send the parameters in the body")


@enforces(CONTENT_TYPE)
def check_content_type(content_type: str) -> None:
    """RFC 6749 §3.2: the form encoding, in UTF-8."""
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media_type != FORM or any(each not in ("", "charset=utf-8", 'charset="utf-8"') for each in parameters):
        raise InvalidRequest(CONTENT_TYPE, f"The body must be {FORM}", presented=content_type[:200])


@enforces(BODY_SIZE)
def check_body_size(size: int) -> None:
    """RFC 9110 §15.5.14: at most LARGEST_BODY_BYTES."""
    if size > LARGEST_BODY_BYTES:
        raise InvalidRequest(
            BODY_SIZE, "The body is too large", status=413, expected=LARGEST_BODY_BYTES, presented=size
        )


@enforces(ENCODING)
def check_encoding(body: bytes) -> None:
    """RFC 6749 Appendix B: percent-encoded UTF-8; and no control characters, which no parameter has (§A)."""
    try:
        text = _decoded(body, "strict")
    except UnicodeDecodeError:
        raise InvalidRequest(ENCODING, "The body is malformed", problem="not UTF-8") from None
    if _BROKEN_PERCENT_ENCODING.search(body):
        raise InvalidRequest(ENCODING, "The body is malformed", problem="percent-encoding")
    if _CONTROL_CHARACTER.search(text):
        raise InvalidRequest(ENCODING, "The body is malformed", problem="control character")


@enforces(REPEATED)
def check_repeated(form: Form) -> None:
    """RFC 6749 §3.2: request parameters MUST NOT be included more than once; RFC 8707 §2: but resource."""
    repeated = sorted(name for name, values in form.items() if len(values) > 1 and name not in _REPEATABLE)
    if repeated:
        raise InvalidRequest(
            REPEATED, "A parameter is repeated", presented=[name[:64] for name in repeated[:8]]
        )


def read_form(request: HttpRequest) -> Form:
    """The parameters in the body of a request. Raises InvalidRequest.

    From then on the audit trail names the client that the caller claims to be; in a refusal it is a claim.
    """
    check_method(request.method)
    check_query(request.META.get("QUERY_STRING", ""))
    check_content_type(request.META.get("CONTENT_TYPE", ""))
    form = parse_form(request.read(LARGEST_BODY_BYTES + 1))
    claimed = form.get("client_id", ("",))[0]
    request.client_id = claimed[:LONGEST_CLIENT_ID_RECORDED] or None  # type: ignore[attr-defined]  # for audit
    return form


def parse_form(body: bytes) -> Form:
    """The parameters of a form-encoded body. Raises InvalidRequest.

    Parameters without a value are treated as if they were omitted (RFC 6749 §3.2).
    """
    check_body_size(len(body))
    check_encoding(body)
    form: dict[str, tuple[str, ...]] = {}
    for pair in body.split(b"&"):
        encoded_name, _, encoded_value = pair.partition(b"=")
        if encoded_name and encoded_value:
            name = _decoded(encoded_name, "replace")
            form[name] = (*form.get(name, ()), _decoded(encoded_value, "replace"))
    check_repeated(form)
    return form


def _decoded(encoded: bytes, errors: str) -> str:
    return unquote_to_bytes(encoded.replace(b"+", b" ")).decode("utf-8", errors)
