"""Headers of responses: no caching of tokens, and what a 401 or a 405 must have next to its JSON.

RFC 6749 §5.1 and §5.2, https://www.rfc-editor.org/rfc/rfc6749
"""

import re

from django.http import HttpRequest, HttpResponse

from authserver.endpoints.paths import REGISTRATION_PATH
from sender_constraint.django.middleware import Handler

# RFC 9110 §11.1: an authentication scheme is a token.
_SCHEME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}")


def no_store(response: HttpResponse) -> HttpResponse:
    """The response with the headers of RFC 6749 §5.1, which every response about a token has."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


def response_headers(get_response: Handler) -> Handler:
    """Add WWW-Authenticate to a 401 and Allow to a 405, where the specifications demand them."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 401 and request.path.startswith(REGISTRATION_PATH):
            # RFC 6750 §3, RFC 7592 §2: this endpoint takes a bearer token.
            response.headers["WWW-Authenticate"] = 'Bearer realm="registration", error="invalid_token"'
        elif response.status_code == 401 and (scheme := _scheme_of(request)):
            # RFC 6749 §5.2: a challenge in the scheme of the Authorization header, if the client sent one.
            # RFC 9110 §15.5.2 requires a challenge in every 401, but no scheme means "by certificate": the
            # specification of this endpoint prevails.
            response.headers["WWW-Authenticate"] = f'{scheme} realm="token"'
        if response.status_code == 405 and "Allow" not in response.headers:
            response.headers["Allow"] = "POST"  # RFC 9110 §15.5.6
        return response

    return handle


def _scheme_of(request: HttpRequest) -> str | None:
    scheme = request.headers.get("Authorization", "").partition(" ")[0]
    return scheme if _SCHEME.fullmatch(scheme) else None
