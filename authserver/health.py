"""``GET /health``: whether this server can issue tokens now."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from authserver.keys.store import signing_key_store
from sender_constraint.django.trust import trust_anchors


@require_safe
def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Answer 200, or fail like the token endpoint would: without database, signing key or trust anchors."""
    signing_key_store().load()
    trust_anchors()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    response = JsonResponse({"status": "ok"})
    response.headers["Cache-Control"] = "no-store"
    return response
