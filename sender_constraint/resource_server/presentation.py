"""How an access token is presented: in the Authorization header, and nowhere else.

RFC 6750, Bearer Token Usage, §2 and §3.1 (https://www.rfc-editor.org/rfc/rfc6750); RFC 8705 §3 leaves the
scheme of a certificate-bound token as it is; RFC 9449 §7.1 (https://www.rfc-editor.org/rfc/rfc9449) has one
of its own for tokens that are bound to a DPoP key. Which scheme belongs to which token is checked in
``binding``. Tokens in a query string end in logs and histories: RFC 9700
§4.3.2 (https://www.rfc-editor.org/rfc/rfc9700) forbids them, and those in a body have no use here.
"""

import re
from collections.abc import Container
from dataclasses import dataclass, field
from enum import StrEnum

from sender_constraint.core.errors import InvalidRequest, InvalidToken
from sender_constraint.core.rules import enforces, rule

# RFC 6750 §2.1: credentials = "Bearer" 1*SP b64token, RFC 9449 §7.1: "DPoP" 1*SP token68, which is the same;
# the scheme's case does not count (RFC 9110 §11.1).
_SCHEME = re.compile(r"(bearer|dpop)(?: +|$)", re.IGNORECASE)
_B64TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_PARAMETER = "access_token"

MISSING = rule("presentation.missing", "RFC 6750 §3.1", "The request has no access token.").explained(
    "an Authorization header with the scheme Bearer or DPoP, and an access token",
    "no such header, or one with another scheme",
    "Send the access token in the header Authorization: Bearer TOKEN.",
)
QUERY = rule("presentation.query", "RFC 9700 §4.3.2", "The token is in the query string.").explained(
    "the token in the Authorization header",
    "a parameter access_token in the URL",
    "Move the token to the Authorization header, and request a new one: URLs end up in logs.",
)
BODY = rule("presentation.body", "RFC 6750 §2.2", "The token is in the body.").explained(
    "the token in the Authorization header",
    "a parameter access_token in the body",
    "Move the token to the Authorization header.",
)
MALFORMED = rule(
    "presentation.malformed", "RFC 6750 §2.1", "The Authorization header is malformed."
).explained(
    "Bearer or DPoP, a space, and one token of letters, digits and -._~+/=",
    "a header with other content",
    "Check for quotation marks, a line break, a second Authorization header, or text after the token.",
)


class Scheme(StrEnum):
    """An authentication scheme for access tokens, as challenges write it."""

    BEARER = "Bearer"
    DPOP = "DPoP"


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """An access token as it stood in a request, of which nothing was checked but its characters."""

    scheme: Scheme
    value: str = field(repr=False)


class NoCredentials(InvalidToken):
    """Nothing was presented: 401, with a challenge that has no error code (RFC 6750 §3.1)."""


def presented_token(
    authorization: str | None, query_parameters: Container[str], body_parameters: Container[str] = ()
) -> PresentedToken:
    """The access token of a request, and the scheme that it was presented in.

    authorization: the header's value; several headers joined by commas, as WSGI does, are malformed.
    query_parameters, body_parameters: the names, the latter those of a form body.
    Raises InvalidRequest, or NoCredentials if there is no token, or a scheme other than Bearer and DPoP.
    """
    check_query(query_parameters)
    check_body(body_parameters)
    check_scheme(authorization)
    scheme = _SCHEME.match(authorization or "")
    token = (authorization or "")[scheme.end() :] if scheme else ""
    check_token_syntax(token)
    return PresentedToken(scheme_of(authorization), token)


def scheme_of(authorization: str | None) -> Scheme:
    """The scheme of a request's Authorization header; Bearer where it has none of ours."""
    scheme = _SCHEME.match(authorization or "")
    return Scheme.DPOP if scheme and scheme[1].lower() == "dpop" else Scheme.BEARER


@enforces(QUERY)
def check_query(parameters: Container[str]) -> None:
    """RFC 9700 §4.3.2, RFC 6750 §2.3: refused, even beside a good header."""
    if _PARAMETER in parameters:
        raise InvalidRequest(QUERY, "An access token must not be in the query string")


@enforces(BODY)
def check_body(parameters: Container[str]) -> None:
    """RFC 6750 §2.2: only the Authorization header is supported, as §2 permits."""
    if _PARAMETER in parameters:
        raise InvalidRequest(BODY, "An access token must not be in the body")


@enforces(MISSING)
def check_scheme(authorization: str | None) -> None:
    """RFC 6750 §3.1: another scheme presents no access token either."""
    if authorization is None or _SCHEME.match(authorization) is None:
        raise NoCredentials(MISSING, "An access token is required")


@enforces(MALFORMED)
def check_token_syntax(token: str) -> None:
    """RFC 6750 §2.1, RFC 9449 §7.1: one b64token, and nothing behind it."""
    if _B64TOKEN.fullmatch(token) is None:
        raise InvalidRequest(MALFORMED, "The Authorization header is malformed")
