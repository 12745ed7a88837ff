"""Middleware that every service has, outermost first: correlation, then answers to what views raise."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from sender_constraint.core.correlation import CORRELATION_HEADER
from sender_constraint.core.errors import Refusal, TemporarilyUnavailable
from sender_constraint.core.events import NotRecorded
from sender_constraint.django import events
from sender_constraint.django.dpop import nonce_header
from sender_constraint.django.events import correlation_id_of
from sender_constraint.django.metadata import protected_resource_metadata
from sender_constraint.django.peer import smuggled_certificate_headers

CERTIFICATE_HEADER_IGNORED = "peer.certificate_header_ignored"

Handler = Callable[[HttpRequest], HttpResponse]


class ExceptionAnswers(ABC):
    """Middleware that turns some of what views raise into an answer and an audit event."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on: Django calls process_exception by itself.

        An answer whose event could not be recorded is not given: 503 in its place.
        """
        response = self._get_response(request)
        missing = events.unrecorded(request)
        if missing is None or response.status_code == missing.status:
            return response
        return self.process_exception(request, missing) or response

    @abstractmethod
    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The answer to an exception; None leaves it to the next, and at last to Django to report."""


class correlation(ExceptionAnswers):  # noqa: N801  # settings name it as they name functions
    """Give the correlation id back in every response, and record headers that claim a certificate.

    It is the outermost: what no other middleware answered of ``NotRecorded`` it answers.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        if smuggled := smuggled_certificate_headers(request):
            events.recorded(
                request, CERTIFICATE_HEADER_IGNORED, section="RFC 9440 §4", detail={"headers": smuggled}
            )
        response = super().__call__(request)
        response.headers[CORRELATION_HEADER] = correlation_id_of(request)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer where an event could not be recorded."""
        if not isinstance(exception, NotRecorded):
            return None
        events.refused(request, exception)
        return refusal_response(exception)


class Refusals(ExceptionAnswers):
    """Turn a Refusal that a view raised into its answer (RFC 6749 §5.2) and an audit event."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for a Refusal."""
        if not isinstance(exception, Refusal):
            return None
        events.refused(request, exception)
        return refusal_response(exception)


def refusal_response(refusal: Refusal) -> HttpResponse:
    """The error response of RFC 6749 §5.2: JSON, never stored by a cache."""
    body = {"error": refusal.code, "error_description": refusal.description}
    response = JsonResponse(body, status=refusal.status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    if isinstance(refusal, TemporarilyUnavailable):
        # RFC 9110 §10.2.3.
        response.headers["Retry-After"] = str(refusal.retry_after_seconds)
    return response


class SenderConstraintMiddleware(correlation):
    """The three of an API in one: ``correlation``, ``nonce_header`` and ``protected_resource_metadata``."""

    def __init__(self, get_response: Handler) -> None:
        super().__init__(nonce_header(protected_resource_metadata(get_response)))
