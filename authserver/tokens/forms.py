"""The form that a client posts to an endpoint, read within limits: the same at every endpoint.

RFC 6749 §3.2, https://www.rfc-editor.org/rfc/rfc6749; RFC 7662 §2.1 and RFC 7009 §2.1 ask for the same.
"""

from django.http import HttpRequest, HttpResponse

from authserver.tokens import token_request


def form_of(request: HttpRequest) -> token_request.Form:
    """The parameters of the body. Raises InvalidRequest."""
    token_request.check_method(request.method)
    token_request.check_query(request.META.get("QUERY_STRING", ""))
    token_request.check_content_type(request.META.get("CONTENT_TYPE", ""))
    return token_request.parse_form(request.read(token_request.LARGEST_BODY_BYTES + 1))


def kept_out_of_caches(response: HttpResponse) -> HttpResponse:
    """The response with the headers of RFC 6749 §5.1, which every answer about a token has."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response
