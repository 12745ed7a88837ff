"""``/register``: clients register (RFC 7591 §3), and read, update and delete what they said (RFC 7592 §2).

https://www.rfc-editor.org/rfc/rfc7591, https://www.rfc-editor.org/rfc/rfc7592
"""

import hashlib
import hmac
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from authserver.client_authentication import http
from authserver.clients import changes
from authserver.clients.models import Client, columns
from authserver.clients.policy import dynamic_registration_policy
from authserver.clients.registration import (
    LARGEST_DOCUMENT_BYTES,
    client_information,
    read_metadata,
    register,
)
from authserver.endpoints.paths import REGISTRATION_PATH
from authserver.endpoints.responses import no_store
from authserver.issued_tokens.one_time_use import record_use
from authserver.registration import limits, statements, tokens
from authserver.registration.possession import check_possession, check_stated_certificate
from authserver.registration.requests import (
    check_answered_members,
    check_media_type,
    check_operators_members,
    check_same_client,
    check_same_method,
)
from authserver.registration.statement_keys import statement_keys
from operations.audit.trail import check_trail, check_trail_has_room
from sender_constraint.django import events


@require_http_methods(["POST"])
def clients(request: HttpRequest) -> HttpResponse:
    """Register a client, by an initial access token (RFC 7591 §3.1) or a software statement (§2.3)."""
    # What allows it counts once: it is not used up for what could not be recorded.
    check_trail_has_room()
    now = http.clock()
    header = request.headers.get("Authorization")
    metadata = _metadata(request) if header is None else {}
    initial = None
    if statements.MEMBER not in metadata:
        initial = tokens.check_initial_token(tokens.presented_token(header), initial_token_key(), now)
        metadata = metadata or _metadata(request)
    statement, metadata = _stated(metadata, now)
    check_operators_members(metadata, chooses_identifier=True)
    client = register(metadata, dynamic_registration_policy())
    if statement is not None:
        check_stated_certificate(client, lambda: http.authenticate_new_client(request, client))
    token = tokens.new_registration_token()
    # Recorded, or undone. Where a limit refuses, the initial access token is not used up.
    with transaction.atomic():
        if initial is not None:
            tokens.check_unused(initial, first=record_use(*initial.use))
        row = limits.register_within_limits(
            statement.claims["software_id"] if statement else "",
            now,
            client_id=client.client_id,
            registration_access_token_hash=tokens.digest(token),
            software_statement=statement.compact if statement else "",
            **columns(client),
        )
        _record(request, "client.registered", row, by=_allowed_by(initial, statement))
    return _information(row, token, status=201)


@require_http_methods(["GET", "PUT", "DELETE"])
def client(request: HttpRequest, client_id: str) -> HttpResponse:
    """Read, update or delete a client, by its registration access token (RFC 7592 §2.1 to §2.3)."""
    check_trail()
    token = tokens.presented_token(request.headers.get("Authorization"))
    row = Client.objects.filter(client_id=client_id).first()
    tokens.check_registration_token(token, row.registration_access_token_hash if row else None)
    if row is None:  # with that check switched off
        return HttpResponse(status=401)
    form = {"client_id": (client_id,)}
    check_possession(row.registered(), lambda: http.authenticate_by_certificate(request, form))
    match request.method:
        case "PUT":
            return _updated(request, row, token)
        case "DELETE":
            with transaction.atomic():
                revoked = changes.remove(row, http.clock())
                _record(request, "client.removed", row, revoked_tokens=revoked)
            return no_store(HttpResponse(status=204))
    return _information(row, token)


def initial_token_key() -> bytes:
    """By which this server knows the initial access tokens that it made."""
    return hmac.new(settings.SECRET_KEY.encode(), b"initial access tokens", hashlib.sha256).digest()


def _updated(request: HttpRequest, row: Client, token: str) -> HttpResponse:
    metadata, before = _metadata(request), row.registered()
    check_answered_members(metadata)
    check_same_client(metadata, before)
    statements.check_same_statement(metadata.get(statements.MEMBER), row.software_statement)
    metadata = statements.under_statement(metadata, _of(row).metadata) if row.software_statement else metadata
    check_operators_members(metadata, chooses_identifier=False)
    updated = register(metadata, dynamic_registration_policy())
    check_same_method(updated, before)
    with transaction.atomic():
        revoked = changes.replace(row, updated, http.clock())
        _record(request, "client.updated", row, revoked_tokens=revoked)
    return _information(row, token)


def _stated(metadata: dict[str, Any], now: datetime) -> tuple[statements.Statement | None, dict[str, Any]]:
    """The statement that is in the metadata, if there is one, and the metadata as it has them."""
    if statements.MEMBER not in metadata:
        return None, metadata
    statement = statements.read_statement(metadata[statements.MEMBER])
    statements.check_issuer(statement.claims, settings.SOFTWARE_STATEMENT_ISSUER)
    stated = statements.verify_statement(statement, statement_keys(), settings.ISSUER, now)
    return statement, statements.under_statement(metadata, stated)


def _of(row: Client) -> statements.Statement:
    """The statement by which a client registered, which was verified then."""
    return statements.parsed(row.software_statement)


def _allowed_by(initial: tokens.InitialToken | None, statement: statements.Statement | None) -> Any:
    if statement is None:
        return initial and initial.identifier
    return {name: statement.claims.get(name) for name in ("iss", "software_id", "jti")}


def _metadata(request: HttpRequest) -> dict[str, Any]:
    check_media_type(request.META.get("CONTENT_TYPE", ""))
    return read_metadata(request.read(LARGEST_DOCUMENT_BYTES + 1))


def _information(row: Client, token: str, status: int = 200) -> HttpResponse:
    """RFC 7591 §3.2.1, the statement unmodified; with the members of RFC 7592 §3."""
    information = client_information(row.registered(), row.client_id_issued_at)
    if row.software_statement:
        information["software_id"] = _of(row).claims["software_id"]
        information[statements.MEMBER] = row.software_statement
    information["registration_access_token"] = token
    information["registration_client_uri"] = f"{settings.ISSUER}{REGISTRATION_PATH}/{row.client_id}"
    return no_store(JsonResponse(information, status=status))


def _record(request: HttpRequest, event: str, row: Client, **detail: Any) -> None:
    request.client_id = row.client_id  # type: ignore[attr-defined]  # for audit
    registered = client_information(row.registered(), row.client_id_issued_at)
    said = {name: value for name, value in registered.items() if name != "jwks"}
    events.accepted(request, event, section="RFC 7591 §3.2.1", detail={**said, **detail})
