"""The audit trail of a Django service: who asked for what, what was decided, and by which rule.

What callers are told tells of outages too: see ``outages``.
"""

from typing import Any

from django.http import HttpRequest

from sender_constraint.django.correlation import correlation_id_of
from sender_constraint.django.outages import outage_alarms
from sender_constraint.django.peer import peer_of
from sender_constraint.django.trail import trail
from sender_constraint.errors import Refusal
from sender_constraint.server.audit_trail import HTTP_REQUEST

__all__ = ["accepted", "recorded", "refused", "trail"]


def accepted(request: HttpRequest, event: str, *, status: int = 200, **fields: Any) -> None:
    """Record that something was granted or answered."""
    trail().record(event, "accepted", **_caller(request), status=status, **fields)
    outage_alarms().served()


def recorded(request: HttpRequest, event: str, **fields: Any) -> None:
    """Record what was seen and changed no decision."""
    trail().record(event, "recorded", **_caller(request), **fields)


def refused(request: HttpRequest, refusal: Refusal, *, event: str | None = None, **fields: Any) -> None:
    """Record a refusal: its rule, the section behind it, and what was expected beside what was presented.

    event: by default the name of the view that was asked; ``http.request`` where no view was.
    """
    match = request.resolver_match
    name = event or (match.view_name if match else HTTP_REQUEST)
    trail().refused(name, refusal, **_caller(request), status=refusal.status, **fields)
    outage_alarms().felt(refusal)


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
