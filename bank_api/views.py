"""What all protected resources of this API have in common."""

from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from operations.audit.trail import check_trail
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django import events
from sender_constraint.django.authentication import ClientPrincipal
from sender_constraint.django.problem_details import EVENT
from sender_constraint.django.problems import LengthRequired

LENGTH = rule(
    "request.length", "RFC 9110 §15.5.12", "The body is chunked, without a Content-Length."
).explained(
    "a Content-Length", "a chunked body (Transfer-Encoding)", "Send the body with its Content-Length."
)


def client_of(request: Request) -> str:
    """The ``client_id`` of the client that calls."""
    return cast(ClientPrincipal, request.user).client_id


class ProtectedView(APIView):
    """A resource that demands an access token. Each answer is recorded, refusals by the exception handler.

    required_scope: the scope that a token needs here (RFC 6750 §3.1).
    recorded: the detail that a method adds to the audit event of its answer.
    """

    required_scope: str
    http_method_names = ("get", "head", "post")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.recorded: dict[str, Any] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what cannot be read, or not be recorded, before a method begins."""
        check_trail()
        super().initial(request, *args, **kwargs)
        check_length(request)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Keep answers out of caches, and record those that grant something."""
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers["Cache-Control"] = "no-store"
        if final.status_code < 400:
            events.accepted(request._request, EVENT, status=final.status_code, detail=self.recorded or None)
        return final


@enforces(LENGTH)
def check_length(request: Request) -> None:
    """RFC 9110 §15.5.12: without Content-Length, WSGI would read a body in chunks as an empty one."""
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired(LENGTH, "The body requires a Content-Length")
