"""Headers that the token endpoint's refusals must have, beside the JSON of RFC 6749 §5.2."""

import re

from django.http import HttpRequest, HttpResponse

from sender_constraint.django.middleware import Handler

# RFC 9110 §11.1: an authentication scheme is a token.
_SCHEME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}")


def response_headers(get_response: Handler) -> Handler:
    """Add WWW-Authenticate to a 401 and Allow to a 405, where the specifications demand them."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 401 and request.path.startswith("/register"):
            # RFC 6750 §3, RFC 7592 §2: there the token is a bearer token, whether it was presented or not.
            response.headers["WWW-Authenticate"] = 'Bearer realm="registration", error="invalid_token"'
        elif response.status_code == 401 and (scheme := _scheme_of(request)):
            # RFC 6749 §5.2: if the client used the Authorization header, in its own scheme. RFC 9110 §15.5.2
            # would have a challenge in every 401; there is no scheme that says "by certificate", so the
            # closer specification is followed.
            response.headers["WWW-Authenticate"] = f'{scheme} realm="token"'
        if response.status_code == 405 and "Allow" not in response.headers:
            response.headers["Allow"] = "POST"  # RFC 9110 §15.5.6
        return response

    return handle


def _scheme_of(request: HttpRequest) -> str | None:
    scheme = request.headers.get("Authorization", "").partition(" ")[0]
    return scheme if _SCHEME.fullmatch(scheme) else None
