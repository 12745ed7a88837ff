"""Django REST Framework permission by scope: RFC 6750 §3.1, RFC 6749 §3.3."""

from typing import TYPE_CHECKING, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from sender_constraint.core.errors import InsufficientScope
from sender_constraint.core.guidance import Comparison
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django.authentication import UnboundToken
from sender_constraint.resource_server.access_token import VerifiedToken
from sender_constraint.resource_server.binding import BoundToken

if TYPE_CHECKING:
    # While it is imported, the framework imports this module, by its settings.
    from rest_framework.views import APIView

SCOPE = rule(
    "token.scope", "RFC 6750 §3.1", "The token lacks the scope that the resource requires."
).explained(
    "a token with the scope {expected}",
    "a token with the scope {presented}",
    "Request a token with scope={expected}; if that is refused, have the bank register the scope for the "
    "client.",
    compare=Comparison.NONE_MISSING,
)


class RequiredScope(BasePermission):
    """Demands that the token has the view's ``required_scope``; a view without one is a defect."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """True, or InsufficientScope is raised."""
        presented = cast("BoundToken | UnboundToken", request.auth)
        check_scope(presented.token, view.required_scope)  # type: ignore[attr-defined]  # the view's
        return True


@enforces(SCOPE)
def check_scope(token: VerifiedToken, required: str) -> None:
    """RFC 6750 §3.1: 403, and the challenge names the scope that is needed."""
    if required not in token.scopes:
        raise InsufficientScope(
            SCOPE,
            "The access token lacks the required scope",
            expected=required,
            presented=sorted(token.scopes),
        )
