"""The audit trail of a Django service: who asked for what, what was decided, and by which rule.

What callers are told tells of outages too: see ``outages``. No answer leaves without its event: a grant that
cannot be recorded raises; of a refusal that cannot be recorded ``unrecorded`` tells the middleware, which
answers 503 in its place.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest

from operations.alarms.outages import outage_alarms
from operations.audit.audit_trail import HTTP_REQUEST, TrailUnwritable
from operations.audit.trail import NotRecorded, check_trail, not_recorded, trail
from sender_constraint.core.errors import Refusal
from sender_constraint.django.correlation import correlation_id_of
from sender_constraint.django.peer import peer_of

__all__ = ["accepted", "check_trail", "recorded", "refused", "trail", "unrecorded"]


def accepted(request: HttpRequest, event: str, *, status: int = 200, **fields: Any) -> None:
    """Record that something was granted or answered. Raises NotRecorded."""
    _write(request, partial(trail().record, event, "accepted", **_caller(request), status=status, **fields))
    if (missing := unrecorded(request)) is not None:
        raise missing
    outage_alarms().served()


def recorded(request: HttpRequest, event: str, **fields: Any) -> None:
    """Record what was seen and changed no decision."""
    _write(request, partial(trail().record, event, "recorded", **_caller(request), **fields))


def refused(request: HttpRequest, refusal: Refusal, *, event: str | None = None, **fields: Any) -> None:
    """Record a refusal: its rule, the section behind it, and what was expected and what was presented.

    event: by default the name of the view that was asked; ``http.request`` where no view was.
    """
    match = request.resolver_match
    name = event or (match.view_name if match else HTTP_REQUEST)
    told = {**_caller(request), "status": refusal.status, **fields}
    _write(request, partial(trail().refused, name, refusal, **told))
    outage_alarms().felt(refusal)


def unrecorded(request: HttpRequest) -> NotRecorded | None:
    """The reason why an event of this request is missing in the trail; None if none is."""
    missing: NotRecorded | None = getattr(request, "unrecorded", None)
    return missing


def _write(request: HttpRequest, write: Callable[[], None]) -> None:
    try:
        write()
    except TrailUnwritable as error:
        request.unrecorded = missing = not_recorded(error)  # type: ignore[attr-defined]  # for unrecorded
        outage_alarms().felt(missing)


def _caller(request: HttpRequest) -> dict[str, Any]:
    peer = peer_of(request)
    return {
        "correlation_id": correlation_id_of(request),
        "peer": peer.address,
        "thumbprint": peer.thumbprint,
        # RFC 9449: the key of a DPoP proof; beside it a certificate on the connection counts for nothing.
        "key_thumbprint": getattr(request, "key_thumbprint", None),
        "certificate_ignored": getattr(request, "certificate_ignored", None),
        "client_id": getattr(request, "client_id", None),
        "method": request.method,
        "path": request.path,
    }
