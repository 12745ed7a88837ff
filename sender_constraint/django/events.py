"""The events of requests: who asked for what, what was decided, and by which rule.

They go to the reporter that the setting ``REPORTER`` names, by default Python's logging. Where that reporter
cannot record a decision, the decision is not given out: ``accepted`` raises, and of a refusal ``unrecorded``
tells the middleware, which answers 503 in its place.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from django.http import HttpRequest
from django.utils.module_loading import import_string

from sender_constraint.core.correlation import CORRELATION_HEADER, accepted_correlation_id
from sender_constraint.core.errors import Refusal
from sender_constraint.core.events import HTTP_REQUEST, EventReporter, NotRecorded
from sender_constraint.django.conf import library_settings
from sender_constraint.django.peer import peer_of


def reporter() -> EventReporter:
    """The reporter of this process."""
    configured = library_settings()
    return _reporter(configured.reporter, configured.name)


@cache
def _reporter(path: str, name: str) -> EventReporter:
    made: EventReporter = import_string(path)(name)
    return made


def accepted(request: HttpRequest, event: str, *, status: int = 200, **fields: Any) -> None:
    """Record that something was granted or answered. Raises NotRecorded."""
    _write(
        request, partial(reporter().record, event, "accepted", **_caller(request), status=status, **fields)
    )
    if (missing := unrecorded(request)) is not None:
        raise missing


def recorded(request: HttpRequest, event: str, **fields: Any) -> None:
    """Record what was seen and changed no decision."""
    _write(request, partial(reporter().record, event, "recorded", **_caller(request), **fields))


def refused(request: HttpRequest, refusal: Refusal, *, event: str | None = None, **fields: Any) -> None:
    """Record a refusal: its rule, the section behind it, and what was expected and what was presented.

    event: by default the name of the view that was asked; ``http.request`` where no view was.
    """
    match = request.resolver_match
    name = event or (match.view_name if match else HTTP_REQUEST)
    said = {**_caller(request), "status": refusal.status, **fields}
    _write(request, partial(reporter().refused, name, refusal, **said))


def unrecorded(request: HttpRequest) -> NotRecorded | None:
    """The reason why an event of this request was not recorded; None if all were."""
    missing: NotRecorded | None = getattr(request, "unrecorded", None)
    return missing


def correlation_id_of(request: HttpRequest) -> str:
    """The correlation id of a request; the same each time it is asked."""
    known = getattr(request, "correlation_id", None)
    if isinstance(known, str):
        return known
    accepted = accepted_correlation_id(request.headers.get(CORRELATION_HEADER))
    request.correlation_id = accepted  # type: ignore[attr-defined]  # HttpRequest declares no such attribute
    return accepted


def _write(request: HttpRequest, write: Callable[[], None]) -> None:
    try:
        write()
    except NotRecorded as missing:
        request.unrecorded = missing  # type: ignore[attr-defined]  # for unrecorded


def _caller(request: HttpRequest) -> dict[str, Any]:
    peer = peer_of(request)
    return {
        "correlation_id": correlation_id_of(request),
        "peer": peer.address,
        "thumbprint": peer.thumbprint,
        # RFC 9449: the key of a DPoP proof; a certificate on the same connection proves nothing then.
        "key_thumbprint": getattr(request, "key_thumbprint", None),
        "certificate_ignored": getattr(request, "certificate_ignored", None),
        "client_id": getattr(request, "client_id", None),
        "method": request.method,
        "path": request.path,
    }
