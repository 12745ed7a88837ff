"""``/register``: clients register (RFC 7591 §3), and read, update and delete what they said (RFC 7592 §2).

https://www.rfc-editor.org/rfc/rfc7591, https://www.rfc-editor.org/rfc/rfc7592
"""

import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from authserver.client_authentication import requests
from authserver.clients import changes
from authserver.clients.models import Client, columns
from authserver.clients.policy import dynamic_registration_policy
from authserver.clients.registration import (
    LARGEST_DOCUMENT_BYTES,
    client_information,
    read_metadata,
    register,
)
from authserver.metadata.document import REGISTRATION_PATH
from authserver.registration import tokens
from authserver.registration.possession import check_possession
from authserver.registration.requests import (
    check_answered_members,
    check_media_type,
    check_operators_members,
    check_same_client,
    check_same_method,
)
from authserver.tokens.forms import kept_out_of_caches
from sender_constraint.django import audit
from sender_constraint.django.replay import replay_memory


@require_http_methods(["POST"])
def clients(request: HttpRequest) -> HttpResponse:
    """Register a client, by an initial access token (RFC 7591 §3.1)."""
    now = requests.clock()
    presented = tokens.presented_token(request.headers.get("Authorization"))
    initial = tokens.check_initial_token(presented, initial_token_key(), now)
    metadata = _metadata(request)
    check_operators_members(metadata, chooses_identifier=True)
    client = register(metadata, dynamic_registration_policy())
    tokens.check_unused(initial, replay_memory(), now)
    token = tokens.new_registration_token()
    row = Client.objects.create(
        client_id=client.client_id, registration_access_token_hash=tokens.digest(token), **columns(client)
    )
    _record(request, "client.registered", row, by=initial.identifier)
    return _information(row, token, status=201)


@require_http_methods(["GET", "PUT", "DELETE"])
def client(request: HttpRequest, client_id: str) -> HttpResponse:
    """Read, update or delete a client, by its registration access token (RFC 7592 §2.1 to §2.3)."""
    token = tokens.presented_token(request.headers.get("Authorization"))
    row = Client.objects.filter(client_id=client_id).first()
    tokens.check_registration_token(token, row.registration_access_token_hash if row else None)
    if row is None:  # with that check switched off
        return HttpResponse(status=401)
    form = {"client_id": (client_id,)}
    check_possession(row.registered(), lambda: requests.authenticated_by_certificate(request, form))
    match request.method:
        case "PUT":
            return _updated(request, row, token)
        case "DELETE":
            revoked = changes.remove(row, requests.clock())
            _record(request, "client.removed", row, revoked_tokens=revoked)
            return kept_out_of_caches(HttpResponse(status=204))
    return _information(row, token)


def initial_token_key() -> bytes:
    """By which this server knows the initial access tokens that it made."""
    return hmac.new(settings.SECRET_KEY.encode(), b"initial access tokens", hashlib.sha256).digest()


def _updated(request: HttpRequest, row: Client, token: str) -> HttpResponse:
    metadata, before = _metadata(request), row.registered()
    check_answered_members(metadata)
    check_same_client(metadata, before)
    check_operators_members(metadata, chooses_identifier=False)
    updated = register(metadata, dynamic_registration_policy())
    check_same_method(updated, before)
    revoked = changes.replace(row, updated, requests.clock())
    _record(request, "client.updated", row, revoked_tokens=revoked)
    return _information(row, token)


def _metadata(request: HttpRequest) -> dict[str, Any]:
    check_media_type(request.META.get("CONTENT_TYPE", ""))
    return read_metadata(request.read(LARGEST_DOCUMENT_BYTES + 1))


def _information(row: Client, token: str, status: int = 200) -> HttpResponse:
    """RFC 7591 §3.2.1, with the members of RFC 7592 §3."""
    information = client_information(row.registered(), row.client_id_issued_at)
    information["registration_access_token"] = token
    information["registration_client_uri"] = f"{settings.ISSUER}{REGISTRATION_PATH}/{row.client_id}"
    return kept_out_of_caches(JsonResponse(information, status=status))


def _record(request: HttpRequest, event: str, row: Client, **detail: Any) -> None:
    request.client_id = row.client_id  # type: ignore[attr-defined]  # for audit
    registered = client_information(row.registered(), row.client_id_issued_at)
    said = {name: value for name, value in registered.items() if name != "jwks"}
    audit.accepted(request, event, section="RFC 7591 §3.2.1", detail={**said, **detail})
