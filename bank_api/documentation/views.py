"""The page: Swagger UI, whose files come with the installation and from this service alone."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from operations.pages.middleware_pages import HEADER, POLICY

# Swagger UI writes styles into its elements, and can be told no nonce for them.
_POLICY = f"{POLICY}; style-src 'self' 'unsafe-inline'"


@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """The page; what it shows is ``/openapi.json`` of the same origin."""
    response = render(request, "bank_api/documentation.html")
    response.headers[HEADER] = _POLICY
    return response
