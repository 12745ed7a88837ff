"""The correlation id: one UUID that travels with a call through every service.

It is the ``x-fapi-interaction-id`` of FAPI: taken from the request where it is a UUID, born here where
it is not, and given back in every response.
"""

import uuid

from django.http import HttpRequest

HEADER = "x-fapi-interaction-id"


def correlation_id_of(request: HttpRequest) -> str:
    """The correlation id of a request, in the form of RFC 9562 §4; the same each time it is asked."""
    known = getattr(request, "correlation_id", None)
    if isinstance(known, str):
        return known
    fresh = _as_uuid(request.headers.get(HEADER, "")) or str(uuid.uuid4())
    request.correlation_id = fresh  # type: ignore[attr-defined]  # HttpRequest declares no such attribute
    return fresh


def _as_uuid(text: str) -> str | None:
    """The canonical form of a UUID that is written with its hyphens; None for anything else."""
    try:
        parsed = str(uuid.UUID(text))
    except ValueError:
        return None
    return parsed if parsed == text.lower() else None
