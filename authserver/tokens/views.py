"""``POST /token`` (RFC 6749 §3.2 and §5.1, https://www.rfc-editor.org/rfc/rfc6749)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from authserver.client_authentication import requests
from authserver.clients.policy import unbound_tokens
from authserver.clients.profile import is_held_to_fapi2
from authserver.clients.registered_client import (
    PRIVATE_KEY_JWT,
    SELF_SIGNED_TLS_CLIENT_AUTH,
    TLS_CLIENT_AUTH,
    RegisteredClient,
)
from authserver.keys.store import signing_key_store
from authserver.status_list.places import places
from authserver.tokens import proofs, token_request
from authserver.tokens.access_tokens import Grant, IssuingPolicy, claims_of, token_type
from authserver.tokens.client_credentials import decide
from authserver.tokens.forms import form_of, kept_out_of_caches
from authserver.tokens.issuing import issue
from authserver.tokens.report_mode import is_reporting
from operations.audit.trail import check_trail
from sender_constraint.django import events

# By which section each method authenticates.
SECTIONS = {
    TLS_CLIENT_AUTH: "RFC 8705 §2.1",
    SELF_SIGNED_TLS_CLIENT_AUTH: "RFC 8705 §2.2",
    PRIVATE_KEY_JWT: "RFC 7523 §2.2",
}


def token(request: HttpRequest) -> HttpResponse:
    """Issue an access token. Every refusal is a Refusal, which the middleware answers and records."""
    check_trail()
    form = form_of(request)
    requests.claim(request, form)
    asked = token_request.token_request(form)
    client = requests.unrecorded_client(request, form, proofs.nonce_check(request))
    grant = decide(asked, client, proofs.confirm(request))
    claims = claims_of(grant, _policy(grant.client), requests.clock())
    key = signing_key_store().load().signing
    access_token = issue(grant.client, claims, key, places(), record_use=client.record_use)
    _record(request, grant, claims["jti"], claims["exp"])
    response = JsonResponse(
        {
            "access_token": access_token,
            "token_type": token_type(grant.confirmation),
            "expires_in": claims["exp"] - claims["iat"],
            "scope": grant.scope,
        }
    )
    return kept_out_of_caches(response)


def _policy(client: RegisteredClient) -> IssuingPolicy:
    unbound = (unbound_tokens() or is_reporting(client)) and not is_held_to_fapi2(client)
    return IssuingPolicy(settings.ISSUER, settings.ACCESS_TOKEN_LIFETIME_SECONDS, unbound)


def _record(request: HttpRequest, grant: Grant, jti: str, expires_at: int) -> None:
    events.accepted(
        request,
        "token.issued",
        section=SECTIONS[grant.client.token_endpoint_auth_method],
        detail={
            **_subject(grant),
            "method": grant.client.token_endpoint_auth_method,
            "audience": grant.audience,
            "scope": grant.scope,
            "bound": grant.confirmation is not None,
            **_confirmation(grant),
            "jti": jti,
            "expires_at": expires_at,
        },
    )


def _subject(grant: Grant) -> dict[str, str]:
    """The subject of the certificate, where there is one."""
    if grant.certificate is None:
        return {}
    return {"subject": grant.certificate.certificate.subject.rfc4514_string()}


def _confirmation(grant: Grant) -> dict[str, str]:
    """What the token says of its sender, under the name of the method."""
    if grant.confirmation is None:
        return {}
    return {grant.confirmation.method: grant.confirmation.thumbprint}
