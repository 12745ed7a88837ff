"""Django REST Framework authentication by access tokens that are bound to their sender.

RFC 8705 §3, RFC 9449 §7, RFC 6750 §2 and §3. A token is bound to a certificate or to a DPoP key, and it
alone says to which. ``request.auth`` becomes the BoundToken, ``request.user`` the client that it was issued
to. What a request claims in headers such as Client-Cert is never read here: ``peer_of`` is the only reader
of certificates. Nobody needs the replay memory but who presents a DPoP-bound token.

https://www.rfc-editor.org/rfc/rfc8705 https://www.rfc-editor.org/rfc/rfc9449
https://www.rfc-editor.org/rfc/rfc6750
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from sender_constraint.core.errors import InvalidDpopProof, InvalidToken, TemporarilyUnavailable, UseDpopNonce
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django.challenge import resource_challenge
from sender_constraint.django.conf import library_settings
from sender_constraint.django.dpop import check_proof_of, verified_proof
from sender_constraint.django.peer import peer_of
from sender_constraint.django.protected_resource import protected_resource
from sender_constraint.django.replay import check_dpop_accepted, replay_memory
from sender_constraint.resource_server.access_token import VerifiedToken
from sender_constraint.resource_server.binding import (
    BoundToken,
    bound_by_proof,
    check_scheme,
    is_dpop_bound,
)
from sender_constraint.resource_server.binding_spelling import note_spelling
from sender_constraint.resource_server.presentation import PresentedToken, Scheme, presented_token

BEARER_CLIENT = rule(
    "binding.bearer-client", "RFC 8705 §3", "Only the bearer client may use unbound tokens here."
).explained(
    "a token of {expected}, the only client allowed unbound tokens here",
    "an unbound token of {presented}",
    "Request a token that is bound to your certificate, and call the other routes with it.",
)


@dataclass(frozen=True, slots=True)
class ClientPrincipal:
    """Who calls: a client, with no human behind it. client_id: as in the token (RFC 9068 §2.2)."""

    client_id: str
    is_authenticated: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class UnboundToken:
    """A verified token that proves nothing about who sent it; only UnboundTokenAuthentication makes one."""

    token: VerifiedToken


class BoundTokenAuthentication(BaseAuthentication):
    """Accepts a token from nobody but the owner of the certificate or the key that it is bound to."""

    def authenticate(self, request: Request) -> tuple[ClientPrincipal, BoundToken | UnboundToken]:
        """The client and its token; never passes.

        Raises InvalidRequest, InvalidToken, InvalidDpopProof, UseDpopNonce, TemporarilyUnavailable or
        KeysUnavailable.
        """
        http_request = request._request
        try:
            presented = presented_token(http_request.headers.get("Authorization"), http_request.GET)
            token = protected_resource().token(presented, partial(self.identify, presented, request))
            # From here on events say whose token it is, whichever client sent it.
            http_request.client_id = token.client_id  # type: ignore[attr-defined]  # for audit
            return ClientPrincipal(token.client_id), self.sender_of(token, presented, request)
        except InvalidToken as refusal:
            # Only here are the token's thumbprint and the connection's certificate known together.
            note_spelling(refusal, peer_of(http_request).certificates)
            raise

    def sender_of(
        self, token: VerifiedToken, presented: PresentedToken, request: Request
    ) -> BoundToken | UnboundToken:
        """The token, once its sender has proven to be its owner. Raises as ``authenticate``."""
        check_scheme(token.confirmation, presented.scheme)
        if is_dpop_bound(token.confirmation):
            return _bound_to_key(token, presented, request)
        return protected_resource().bound(token, peer_of(request._request).certificates)

    def identify(self, presented: PresentedToken, request: Request) -> str | None:
        """Who presents an opaque token that the issuer is to be asked about: see ``Identify``.

        The issuer is not asked where no answer could help the caller: without a certificate that can bind, or
        with DPoP without a proof for this request and token. Raises as ``authenticate``.
        """
        http_request = request._request
        if presented.scheme is not Scheme.DPOP:
            return protected_resource().identified(peer_of(http_request).certificates)
        check_dpop_accepted()
        with _refused_with_401():
            check_proof_of(
                http_request,
                now=protected_resource().clock(),
                nonce_required=library_settings().dpop_nonce_required,
                replay=replay_memory(),
                access_token=presented.value,
            )
        return identified_at_will(http_request)

    def authenticate_header(self, request: Request) -> str:
        """RFC 6750 §3: the challenge where nothing was presented, without an error code."""
        return resource_challenge(request.headers.get("Authorization"))


class UnboundTokenAuthentication(BoundTokenAuthentication):
    """Also accepts an unbound token of the clients in ``BEARER_CLIENTS``: only to show why not to.

    A token with ``cnf`` is never accepted without its proof, here neither.
    """

    def sender_of(
        self, token: VerifiedToken, presented: PresentedToken, request: Request
    ) -> BoundToken | UnboundToken:
        """The token, with its proof where it is bound. Raises as ``authenticate``."""
        if token.confirmation is not None:
            return super().sender_of(token, presented, request)
        check_scheme(token.confirmation, presented.scheme)
        check_bearer_client(token.client_id)
        return UnboundToken(token)

    def identify(self, presented: PresentedToken, request: Request) -> str | None:
        """As in BoundTokenAuthentication, but that a bearer token needs no certificate here."""
        if presented.scheme is Scheme.DPOP:
            return super().identify(presented, request)
        return identified_at_will(request._request)


def _bound_to_key(token: VerifiedToken, presented: PresentedToken, request: Request) -> BoundToken:
    """RFC 9449 §7: the proof beside the token, for this request and this token, by the token's key.

    A certificate on the connection proves nothing here: the event says that it was ignored.
    """
    check_dpop_accepted()
    http_request = request._request
    if peer_of(http_request).certificates:
        http_request.certificate_ignored = True  # type: ignore[attr-defined]  # for audit
    assert token.confirmation is not None  # noqa: S101  # is_dpop_bound has said so
    with _refused_with_401():
        proof = verified_proof(
            http_request,
            now=protected_resource().clock(),
            nonce_required=library_settings().dpop_nonce_required,
            replay=replay_memory(),
            access_token=presented.value,
            bound_to=token.confirmation.thumbprint,
        )
    return bound_by_proof(token, proof)


def identified_at_will(request: HttpRequest) -> str | None:
    """The thumbprint of a certificate of the scheme; None for any other, and without one: none is needed."""
    try:
        return protected_resource().identified(peer_of(request).certificates)
    except (InvalidToken, TemporarilyUnavailable):
        return None


@contextmanager
def _refused_with_401() -> Iterator[None]:
    """RFC 9449 §7.1, §9: the status of a refused proof at a protected resource."""
    try:
        yield
    except (InvalidDpopProof, UseDpopNonce) as refusal:
        refusal.status = 401
        raise


@enforces(BEARER_CLIENT)
def check_bearer_client(client_id: str) -> None:
    """Unbound tokens are the demo's; whatever other client gets hold of one is refused."""
    accepted = library_settings().bearer_clients
    if client_id not in accepted:
        raise InvalidToken(
            BEARER_CLIENT,
            "The access token is not bound to a certificate",
            expected=list(accepted),
            presented=client_id,
        )
