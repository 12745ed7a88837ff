"""The metadata at its well-known paths (RFC 8414 §3, https://www.rfc-editor.org/rfc/rfc8414), and OpenAPI."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from authserver.metadata.document import server_metadata
from authserver.metadata.openapi import openapi

MAX_AGE_SECONDS = 300


@require_safe
def metadata(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """The same document at both paths: many clients know only the one of OpenID Connect (RFC 8414 §5)."""
    response = JsonResponse(server_metadata(settings.ISSUER, settings.SCOPES, settings.RESOURCES))
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
    return response


@require_safe
def openapi_document(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """The OpenAPI document; public, since it holds no secret."""
    return JsonResponse(openapi(settings.ISSUER, settings.SCOPES, settings.RESOURCES))
