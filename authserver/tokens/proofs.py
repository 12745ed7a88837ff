"""Proof of possession in a token request: the DPoP nonce, and the credential that the token is bound to.

RFC 9449 §5 and §8, https://www.rfc-editor.org/rfc/rfc9449.
"""

from django.conf import settings
from django.http import HttpRequest

from authserver.client_authentication import http
from authserver.client_authentication.authenticated import AuthenticatedClient
from authserver.clients.registered_client import RegisteredClient
from authserver.endpoints.paths import TOKEN_PATH
from authserver.tokens.binding import (
    BindingContext,
    PresentedCredentials,
    TokenBinding,
    bind_token,
    check_nonce_alone,
)
from authserver.tokens.report_mode import is_reporting, report_unproven
from sender_constraint.core.errors import InvalidDpopProof, InvalidRequest, UseDpopNonce
from sender_constraint.django.conf import library_settings
from sender_constraint.django.dpop import offer_nonce, own_nonces
from sender_constraint.django.peer import peer_of
from sender_constraint.django.replay import replay_memory
from sender_constraint.django.status import certificate_status
from sender_constraint.django.trust import trust_anchors
from sender_constraint.dpop.proof import presented_proofs


def check_nonce(request: HttpRequest, client: RegisteredClient) -> None:
    """Demand a nonce, where this client's proofs need one, before anything in the request is used up.

    From then on each refusal of this request offers a nonce, with which the client can repeat it.
    Raises InvalidDpopProof or UseDpopNonce.
    """
    if not _needs_nonce(client) or is_reporting(client):
        return
    now, nonces = http.clock(), own_nonces()
    offer_nonce(request, nonces.current(now, replay_memory().epoch))
    check_nonce_alone(presented_proofs(request.headers.get("DPoP")), nonces, now)


def verify_binding(request: HttpRequest, authenticated: AuthenticatedClient) -> TokenBinding:
    """What the client's token is bound to, by what this request presents. Raises as ``bind_token`` does."""
    needs_nonce = _needs_nonce(authenticated.client)
    nonces, replay, now = own_nonces(), replay_memory(), http.clock()
    presented = PresentedCredentials(
        peer_of(request).certificates, presented_proofs(request.headers.get("DPoP"))
    )
    context = BindingContext(
        url=settings.ISSUER + TOKEN_PATH,
        nonces=nonces,
        nonce_required=needs_nonce,
        replay=replay,
        anchors=trust_anchors(),
        status=certificate_status(),
        accept_foreign=library_settings().accept_foreign_certificates,
        now=now,
    )
    try:
        binding = bind_token(authenticated, presented, context)
    except (InvalidDpopProof, UseDpopNonce, InvalidRequest) as refusal:
        if isinstance(refusal, UseDpopNonce):
            offer_nonce(request, nonces.current(now, replay.epoch))
        binding = report_unproven(request, authenticated, refusal)
    if needs_nonce:
        # RFC 9449 §8.2: the response has a new nonce if the proof's is no longer the current one.
        offer_nonce(request, nonces.turned(binding.nonce, now, replay.epoch))
    return binding


def _needs_nonce(client: RegisteredClient) -> bool:
    """Whether this client's proofs need a nonce: by the server's setting, or by its own registration."""
    return client.dpop_bound_access_tokens and (
        library_settings().dpop_nonce_required or client.dpop_nonce_required
    )
