"""``GET /health``: whether a service can do its work now."""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from operations.audit.trail import check_trail_has_room

View = Callable[[HttpRequest], HttpResponse]


def healthy_with(*needs: Callable[[], object]) -> View:
    """A view that answers 200 where every need is met, and otherwise fails as the service itself would.

    needs: each raises what the service's middleware answers with 503. Every service needs its audit trail.
    """

    @require_safe
    def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
        for need in (check_trail_has_room, *needs):
            need()
        return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})

    return health


def database() -> None:
    """The default database answers. Raises OperationalError."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
