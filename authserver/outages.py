"""What this server answers while something that it stands on is away."""

import logging

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse

from authserver.keys.store import NoSigningKey
from sender_constraint.django import audit
from sender_constraint.django.middleware import Handler
from sender_constraint.django.trust import NoTrustAnchors

RETRY_AFTER_SECONDS = 1

logger = logging.getLogger(__name__)


class Outages:
    """Answer 503 (RFC 9110 §15.6.4) without database, key or trust anchors: the next call may succeed."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on: Django calls process_exception by itself."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for an outage; anything else is not ours."""
        if not isinstance(exception, DatabaseError | NoSigningKey | NoTrustAnchors):
            return None
        reason = type(exception).__name__
        logger.error("cannot answer %s: %s: %s", request.path, reason, exception)
        audit.recorded(
            request, "service.unavailable", status=503, error="temporarily_unavailable", reason=reason
        )
        response = JsonResponse({"error": "temporarily_unavailable"}, status=503)
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        response.headers["Cache-Control"] = "no-store"
        return response
