"""What every address says while the authority has no usable keys or no register, or has ended: not now."""

import logging
from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from ca.authority.directory import NoAuthority
from ca.authority.hierarchy import AuthorityExpired

logger = logging.getLogger(__name__)


class Availability:
    """Middleware: 503 with a text for people, and the cause in the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on: Django calls process_exception by itself."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:  # noqa: ARG002
        """Answer for an authority that cannot be used; anything else is Django's to report."""
        if not isinstance(exception, NoAuthority | AuthorityExpired | OperationalError):
            return None
        logger.error("the authority cannot be used: %s", exception)
        return HttpResponse(
            "The certificate authority is not available now.\n",
            status=503,
            content_type="text/plain; charset=utf-8",
            headers={"Cache-Control": "no-store"},
        )
