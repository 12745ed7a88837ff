"""Client authentication of an HTTP request, with this server's register, anchors and clock."""

from datetime import UTC, datetime

from django.http import HttpRequest

from authserver.client_authentication.authenticate import authenticate
from authserver.client_authentication.authenticated import AuthenticatedClient, Connection
from authserver.clients.models import find_client
from authserver.tokens.token_request import Form
from sender_constraint.django.peer import peer_of
from sender_constraint.django.status import certificate_status
from sender_constraint.django.trust import trust_anchors

LONGEST_CLIENT_ID_RECORDED = 128


def clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def authenticated_client(request: HttpRequest, form: Form) -> AuthenticatedClient:
    """The client that this request is from. form: its body, parsed. Raises a Refusal."""
    claim(request, form)
    connection = Connection(peer_of(request).certificates, request.headers.get("Authorization"))
    return authenticate(form, connection, find_client, trust_anchors(), certificate_status(), clock())


def claim(request: HttpRequest, form: Form) -> None:
    """Let the audit trail name the client that the caller says it is: with ``refused``, it is a claim."""
    claimed = form.get("client_id", ("",))[0]
    request.client_id = claimed[:LONGEST_CLIENT_ID_RECORDED] or None  # type: ignore[attr-defined]  # for audit
