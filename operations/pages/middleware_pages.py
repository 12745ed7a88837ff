"""Pages for people: what a browser may load and do there.

Content Security Policy Level 3, https://www.w3.org/TR/CSP3/. All that a page needs comes from its own
service; nothing inline runs, so that a text which slips into a page stays a text.
"""

from django.http import HttpRequest, HttpResponse

from sender_constraint.django.middleware import Handler

HEADER = "Content-Security-Policy"
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def content_security_policy(get_response: Handler) -> Handler:
    """Middleware: the policy of every page that has none of its own."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault(HEADER, POLICY)
        return response

    return handle
