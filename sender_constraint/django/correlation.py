"""The correlation id of a Django request."""

from django.http import HttpRequest

from sender_constraint.core.correlation import CORRELATION_HEADER, accepted_correlation_id


def correlation_id_of(request: HttpRequest) -> str:
    """The correlation id of a request; the same each time it is asked."""
    known = getattr(request, "correlation_id", None)
    if isinstance(known, str):
        return known
    accepted = accepted_correlation_id(request.headers.get(CORRELATION_HEADER))
    request.correlation_id = accepted  # type: ignore[attr-defined]  # HttpRequest declares no such attribute
    return accepted
