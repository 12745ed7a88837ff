"""Client authentication of HTTP requests, by this server's register, trust anchors, records and clock."""

from dataclasses import replace
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest

from authserver.client_authentication.assertions import check_once
from authserver.client_authentication.authenticate import AuthenticationContext, authenticate
from authserver.client_authentication.authenticated import AuthenticatedClient, Connection
from authserver.client_authentication.fetched_keys import keys_of
from authserver.clients.models import find_client
from authserver.clients.registered_client import RegisteredClient
from authserver.endpoints.forms import Form
from authserver.endpoints.paths import TOKEN_PATH
from authserver.issued_tokens import one_time_use
from operations.settings.profile import is_fapi2
from sender_constraint.django.peer import peer_of
from sender_constraint.django.status import certificate_status
from sender_constraint.django.trust import trust_anchors


def clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def authenticate_client(request: HttpRequest, form: Form) -> AuthenticatedClient:
    """The client that sent this request. form: its body, parsed. Raises a Refusal.

    Its assertion is verified and not recorded as used: ``record_assertion_use`` does that.
    """
    connection = Connection(peer_of(request).certificates, request.headers.get("Authorization"))
    authenticated = authenticate(form, connection, _context())
    request.client_id = authenticated.client.client_id  # type: ignore[attr-defined]  # for audit
    return authenticated


def record_assertion_use(authenticated: AuthenticatedClient) -> None:
    """Record that the client's assertion was used, if it sent one, within the caller's transaction, if any.

    The client must not receive anything before. Raises InvalidClient if the assertion was used before.
    """
    if authenticated.assertion_use is not None:
        first = one_time_use.record_use(*authenticated.assertion_use)
        check_once(authenticated.client.client_id, first=first)


def authenticate_client_once(request: HttpRequest, form: Form) -> RegisteredClient:
    """The client that sent this request; its assertion is recorded as used. Raises a Refusal."""
    authenticated = authenticate_client(request, form)
    record_assertion_use(authenticated)
    return authenticated.client


def authenticate_by_certificate(request: HttpRequest, form: Form) -> AuthenticatedClient:
    """The client that the connection's certificate authenticates. Raises a Refusal."""
    return authenticate(form, Connection(peer_of(request).certificates, None), _context())


def authenticate_new_client(request: HttpRequest, client: RegisteredClient) -> AuthenticatedClient:
    """The same for a client that is not registered yet. Raises a Refusal."""
    context = replace(_context(), find_client=lambda _: client)
    connection = Connection(peer_of(request).certificates, None)
    return authenticate({"client_id": (client.client_id,)}, connection, context)


def _context() -> AuthenticationContext:
    return AuthenticationContext(
        issuer=settings.ISSUER,
        token_endpoint=settings.ISSUER + TOKEN_PATH,
        fapi2=is_fapi2(),
        find_client=find_client,
        keys_of=keys_of,
        anchors=trust_anchors(),
        status=certificate_status(),
        is_used=one_time_use.is_used,
        now=clock(),
    )
