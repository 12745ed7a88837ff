"""Client authentication of an HTTP request, with this server's register, anchors, memory and clock."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest

from authserver.client_authentication.authenticate import Surroundings, authenticate, nothing_more
from authserver.client_authentication.authenticated import AuthenticatedClient, Connection
from authserver.client_authentication.fetched_keys import keys_of
from authserver.clients.models import find_client
from authserver.clients.registered_client import RegisteredClient
from authserver.issued_tokens import one_time_use
from authserver.metadata.document import TOKEN_PATH
from authserver.tokens.token_request import Form
from operations.settings.profile import is_fapi2
from sender_constraint.django.peer import peer_of
from sender_constraint.django.status import certificate_status
from sender_constraint.django.trust import trust_anchors

LONGEST_CLIENT_ID_RECORDED = 128


def clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def authenticated_client(request: HttpRequest, form: Form) -> AuthenticatedClient:
    """The client that this request is from; its assertion is used up. form: its body, parsed.

    Raises a Refusal.
    """
    authenticated = unrecorded_client(request, form, nothing_more)
    authenticated.record_use()
    return authenticated


def unrecorded_client(
    request: HttpRequest, form: Form, meanwhile: Callable[[RegisteredClient], None]
) -> AuthenticatedClient:
    """The same, for a caller that calls ``record_use`` itself, before it gives anything out.

    meanwhile: as in ``authenticate``.
    """
    claim(request, form)
    connection = Connection(peer_of(request).certificates, request.headers.get("Authorization"))
    authenticated = authenticate(form, connection, _surroundings(), meanwhile)
    _name(request, authenticated.client.client_id)
    return authenticated


def authenticated_by_certificate(request: HttpRequest, form: Form) -> AuthenticatedClient:
    """The client whose certificate the connection has, whatever else the request shows. Raises a Refusal."""
    return authenticate(form, Connection(peer_of(request).certificates, None), _surroundings())


def proven_certificate(request: HttpRequest, client: RegisteredClient) -> AuthenticatedClient:
    """The same for a client that is not in the register yet. Raises a Refusal."""
    surroundings = replace(_surroundings(), find_client=lambda _: client)
    connection = Connection(peer_of(request).certificates, None)
    return authenticate({"client_id": (client.client_id,)}, connection, surroundings)


def claim(request: HttpRequest, form: Form) -> None:
    """Let the audit trail name the client that the caller says it is: with ``refused``, it is a claim."""
    _name(request, form.get("client_id", ("",))[0])


def _name(request: HttpRequest, client_id: str) -> None:
    named = client_id[:LONGEST_CLIENT_ID_RECORDED] or None
    request.client_id = named  # type: ignore[attr-defined]  # for audit


def _surroundings() -> Surroundings:
    return Surroundings(
        issuer=settings.ISSUER,
        token_endpoint=settings.ISSUER + TOKEN_PATH,
        fapi2=is_fapi2(),
        find_client=find_client,
        keys_of=keys_of,
        anchors=trust_anchors(),
        status=certificate_status(),
        is_used=one_time_use.is_used,
        record_use=one_time_use.record_use,
        now=clock(),
    )
