"""``POST /token`` (RFC 6749 §3.2 and §5.1, https://www.rfc-editor.org/rfc/rfc6749)."""

from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from authserver.clients.models import find_client
from authserver.keys.store import signing_key_store
from authserver.tokens import token_request
from authserver.tokens.access_tokens import Grant, IssuingPolicy, claims_of, signed
from authserver.tokens.client_credentials import Connection, decide
from sender_constraint.django import audit
from sender_constraint.django.peer import peer_of
from sender_constraint.django.status import certificate_status
from sender_constraint.django.trust import trust_anchors

LONGEST_CLIENT_ID_RECORDED = 128


def clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def token(request: HttpRequest) -> HttpResponse:
    """Issue an access token. Every refusal is a Refusal, which the middleware answers and records."""
    token_request.check_method(request.method)
    token_request.check_query(request.META.get("QUERY_STRING", ""))
    token_request.check_content_type(request.META.get("CONTENT_TYPE", ""))
    form = token_request.parse_form(request.read(token_request.LARGEST_BODY_BYTES + 1))
    _claim(request, form)
    asked = token_request.token_request(form)
    now = clock()
    connection = Connection(peer_of(request).certificates, request.headers.get("Authorization"))
    grant = decide(asked, connection, find_client, trust_anchors(), certificate_status(), now)
    claims = claims_of(grant, _policy(), now)
    access_token = signed(claims, signing_key_store().load().signing)
    _record(request, grant, claims["jti"], claims["exp"])
    response = JsonResponse(
        {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": claims["exp"] - claims["iat"],
            "scope": grant.scope,
        }
    )
    # RFC 6749 §5.1.
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


def _policy() -> IssuingPolicy:
    return IssuingPolicy(settings.ISSUER, settings.ACCESS_TOKEN_LIFETIME_SECONDS, settings.DEMO)


def _claim(request: HttpRequest, form: token_request.Form) -> None:
    """Let the audit trail name the client that the caller says it is: with ``refused``, it is a claim."""
    claimed = form.get("client_id", ("",))[0]
    request.client_id = claimed[:LONGEST_CLIENT_ID_RECORDED] or None  # type: ignore[attr-defined]  # for audit


def _record(request: HttpRequest, grant: Grant, jti: str, expires_at: int) -> None:
    audit.accepted(
        request,
        "token.issued",
        section="RFC 8705 §2.1",
        detail={
            "subject": grant.verified.certificate.subject.rfc4514_string(),
            "audience": grant.audience,
            "scope": grant.scope,
            "bound": grant.client.tls_client_certificate_bound_access_tokens,
            "jti": jti,
            "expires_at": expires_at,
        },
    )
