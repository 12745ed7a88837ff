"""``POST /token`` (RFC 6749 §3.2 and §5.1, https://www.rfc-editor.org/rfc/rfc6749)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from authserver.client_authentication import http
from authserver.clients.policy import is_held_to_fapi2, unbound_tokens
from authserver.clients.registered_client import (
    PRIVATE_KEY_JWT,
    SELF_SIGNED_TLS_CLIENT_AUTH,
    TLS_CLIENT_AUTH,
    RegisteredClient,
)
from authserver.endpoints.forms import read_form
from authserver.endpoints.responses import no_store
from authserver.keys.store import signing_key_store
from authserver.tokens.access_tokens import Grant, IssuingPolicy, claims_of, token_type
from authserver.tokens.grants import check_grant_allowed, check_grant_supported
from authserver.tokens.issuing import issue_token
from authserver.tokens.proofs import check_nonce, verify_binding
from authserver.tokens.report_mode import is_reporting
from authserver.tokens.resources import audience
from authserver.tokens.scopes import granted_scope
from authserver.tokens.token_request import parse_token_request
from operations.audit.trail import check_trail
from sender_constraint.django import events

# The section by which each method authenticates.
SECTIONS = {
    TLS_CLIENT_AUTH: "RFC 8705 §2.1",
    SELF_SIGNED_TLS_CLIENT_AUTH: "RFC 8705 §2.2",
    PRIVATE_KEY_JWT: "RFC 7523 §2.2",
}


def token(request: HttpRequest) -> HttpResponse:
    """Issue an access token by the client credentials grant (RFC 6749 §4.4).

    Each step raises a Refusal, which the middleware answers and records. Two steps use something up, after
    all checks before them have passed: ``verify_binding`` a DPoP proof, ``issue_token`` a client assertion.
    """
    check_trail()
    form = read_form(request)
    asked = parse_token_request(form)
    authenticated = http.authenticate_client(request, form)
    client = authenticated.client
    check_nonce(request, client)
    check_grant_supported(asked.grant_type)
    check_grant_allowed(asked.grant_type, client)
    resource = audience(asked.resources, client)
    scope = granted_scope(asked.scope, client)
    binding = verify_binding(request, authenticated)
    grant = Grant(client, binding.certificate, binding.confirmation, resource, scope)
    claims = claims_of(grant, _policy(client), http.clock())
    access_token = issue_token(authenticated, claims, signing_key_store().load().signing)
    _record(request, grant, claims)
    return _response(access_token, grant, claims)


def _policy(client: RegisteredClient) -> IssuingPolicy:
    unbound = (unbound_tokens() or is_reporting(client)) and not is_held_to_fapi2(client)
    return IssuingPolicy(settings.ISSUER, settings.ACCESS_TOKEN_LIFETIME_SECONDS, unbound)


def _response(access_token: str, grant: Grant, claims: dict[str, Any]) -> HttpResponse:
    """RFC 6749 §5.1."""
    return no_store(
        JsonResponse(
            {
                "access_token": access_token,
                "token_type": token_type(grant.confirmation),
                "expires_in": claims["exp"] - claims["iat"],
                "scope": grant.scope,
            }
        )
    )


def _record(request: HttpRequest, grant: Grant, claims: dict[str, Any]) -> None:
    certificate, confirmation = grant.certificate, grant.confirmation
    subject = {"subject": certificate.certificate.subject.rfc4514_string()} if certificate else {}
    events.accepted(
        request,
        "token.issued",
        section=SECTIONS[grant.client.token_endpoint_auth_method],
        detail={
            **subject,
            "method": grant.client.token_endpoint_auth_method,
            "audience": grant.audience,
            "scope": grant.scope,
            "bound": confirmation is not None,
            **({confirmation.method: confirmation.thumbprint} if confirmation else {}),
            "jti": claims["jti"],
            "expires_at": claims["exp"],
        },
    )
