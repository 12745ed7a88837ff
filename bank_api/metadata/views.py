"""The metadata at its well-known path (RFC 9728 §3.2, https://www.rfc-editor.org/rfc/rfc9728)."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from bank_api.metadata.document import resource_metadata
from sender_constraint.resources import resource_metadata_url

MAX_AGE_SECONDS = 300


@require_safe
def metadata(request: HttpRequest) -> HttpResponse:
    """The document; public, since who needs it has no token yet.

    Where it is follows from the API's identifier (RFC 9728 §3.1); anywhere else it would be that of another.
    """
    if request.path != urlsplit(resource_metadata_url(settings.RESOURCE)).path:
        raise Http404
    name = str(settings.SPECTACULAR_SETTINGS["TITLE"])
    response = JsonResponse(resource_metadata(settings.RESOURCE, settings.ISSUER, name))
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}"
    return response
