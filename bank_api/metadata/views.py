"""The metadata at its well-known path (RFC 9728 §3.2, https://www.rfc-editor.org/rfc/rfc9728)."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from sender_constraint.django.metadata import metadata_path, metadata_response

# The scopes of the API's routes (RFC 6749 §3.3).
SCOPES = ["accounts", "payments"]


@require_safe
def metadata(request: HttpRequest) -> HttpResponse:
    """The document; public, since who needs it has no token yet.

    Where it is follows from the API's identifier (RFC 9728 §3.1); anywhere else it would be that of another.
    """
    if request.path != metadata_path():
        raise Http404
    return metadata_response(str(settings.SPECTACULAR_SETTINGS["TITLE"]), SCOPES)
