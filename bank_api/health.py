"""``GET /health``: whether this server can serve now."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from sender_constraint.django.trust import trust_anchors


@require_safe
def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """Answer 200, or fail as the API would: without database or trust anchors.

    The authorization server is not asked: its keys outlast an outage of it, and it is not this service.
    """
    trust_anchors()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})
