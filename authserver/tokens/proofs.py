"""What a token request shows, to which a token could be bound; and the nonce for the next proof.

RFC 9449 §5 and §8, https://www.rfc-editor.org/rfc/rfc9449.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest

from authserver.client_authentication import requests
from authserver.client_authentication.authenticated import AuthenticatedClient
from authserver.clients.registered_client import RegisteredClient
from authserver.metadata.document import TOKEN_PATH
from authserver.tokens.confirmations import Confirmed, Shown, Surroundings, check_nonce_first, confirmed
from authserver.tokens.report_mode import is_reporting, unproven
from sender_constraint.core.errors import InvalidDpopProof, InvalidRequest, UseDpopNonce
from sender_constraint.django.conf import library_settings
from sender_constraint.django.dpop import offer_nonce, own_nonces
from sender_constraint.django.peer import peer_of
from sender_constraint.django.replay import replay_memory
from sender_constraint.django.status import certificate_status
from sender_constraint.django.trust import trust_anchors
from sender_constraint.dpop.proof import presented_proofs


def shown(request: HttpRequest) -> Shown:
    """What this request shows."""
    return Shown(peer_of(request).certificates, presented_proofs(request.headers.get("DPoP")))


def surroundings() -> Surroundings:
    """What it is held against now."""
    return Surroundings(
        url=settings.ISSUER + TOKEN_PATH,
        nonces=own_nonces(),
        nonce_required=nonce_required,
        replay=replay_memory(),
        anchors=trust_anchors(),
        status=certificate_status(),
        accept_foreign=library_settings().accept_foreign_certificates,
        now=requests.clock(),
    )


def nonce_required(client: RegisteredClient) -> bool:
    """Whether this client's proofs need a nonce: by the server's setting, or by its own registration."""
    return client.dpop_bound_access_tokens and (
        library_settings().dpop_nonce_required or client.dpop_nonce_required
    )


def nonce_check(request: HttpRequest) -> Callable[[RegisteredClient], None]:
    """A check of the proof's nonce; from then on each refusal of this request brings a good one."""

    def check(client: RegisteredClient) -> None:
        if nonce_required(client) and not is_reporting(client):
            now, nonces = requests.clock(), own_nonces()
            offer_nonce(request, nonces.current(now, replay_memory().epoch))
            check_nonce_first(shown(request).proofs, nonces, now)

    return check


def confirm(request: HttpRequest) -> Callable[[AuthenticatedClient], Confirmed]:
    """To what a client's token is bound, by what this request shows; raises as ``confirmed``."""

    def prove(authenticated: AuthenticatedClient) -> Confirmed:
        known = surroundings()
        try:
            bound = confirmed(authenticated, shown(request), known)
        except (InvalidDpopProof, UseDpopNonce, InvalidRequest) as refusal:
            if isinstance(refusal, UseDpopNonce):
                offer_nonce(request, known.nonces.current(known.now, known.replay.epoch))
            bound = unproven(request, authenticated, refusal)
        if nonce_required(authenticated.client):
            # RFC 9449 §8.2: beside the token a new one only where it is another than the proof's.
            offer_nonce(request, known.nonces.turned(bound.nonce, known.now, known.replay.epoch))
        return bound

    return prove
