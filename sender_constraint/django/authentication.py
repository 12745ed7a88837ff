"""Django REST Framework authentication by access tokens that are bound to the caller's certificate.

RFC 8705 §3, RFC 6750 §2 and §3. ``request.auth`` becomes the BoundToken, ``request.user`` the client that it
was issued to. What a request claims in headers such as Client-Cert is never read here: ``peer_of`` is the
only reader of certificates.

https://www.rfc-editor.org/rfc/rfc8705 https://www.rfc-editor.org/rfc/rfc6750
"""

from dataclasses import dataclass
from typing import ClassVar

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from sender_constraint.django.challenge import resource_challenge
from sender_constraint.django.peer import peer_of
from sender_constraint.django.protected_resource import protected_resource
from sender_constraint.errors import InvalidToken
from sender_constraint.resource_server.access_token import VerifiedToken
from sender_constraint.resource_server.binding import BoundToken
from sender_constraint.resource_server.binding_spelling import note_spelling
from sender_constraint.rules import enforces, rule

BEARER_CLIENT = rule(
    "binding.bearer-client", "RFC 8705 §3", "The unbound token is not of the client that may show one."
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
    """Accepts a token from nobody but the owner of the certificate that it is bound to."""

    def authenticate(self, request: Request) -> tuple[ClientPrincipal, BoundToken | UnboundToken]:
        """The client and its token. Raises InvalidRequest, InvalidToken or KeysUnavailable; never passes."""
        http_request = request._request
        try:
            token = protected_resource().token(http_request.headers.get("Authorization"), http_request.GET)
            # From here on the audit trail can say whose token it is, whoever sent it.
            http_request.client_id = token.client_id  # type: ignore[attr-defined]  # for audit
            return ClientPrincipal(token.client_id), self.sender_of(token, request)
        except InvalidToken as refusal:
            # Only here are the token's thumbprint and the connection's certificate known together.
            note_spelling(refusal, peer_of(http_request).certificates)
            raise

    def sender_of(self, token: VerifiedToken, request: Request) -> BoundToken | UnboundToken:
        """The token, once its sender has proven to be its owner. Raises InvalidToken."""
        return protected_resource().bound(token, peer_of(request._request).certificates)

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  # the framework's signature
        """RFC 6750 §3: the challenge where nothing was presented, without an error code."""
        return resource_challenge()


class UnboundTokenAuthentication(BoundTokenAuthentication):
    """Also accepts an unbound token of the clients in ``BEARER_CLIENTS``: only to show why not to.

    A token with ``cnf`` is never accepted without its proof, here neither.
    """

    def sender_of(self, token: VerifiedToken, request: Request) -> BoundToken | UnboundToken:
        """The token, with its proof where it is bound. Raises InvalidToken."""
        if token.confirmation is not None:
            return super().sender_of(token, request)
        check_bearer_client(token.client_id)
        return UnboundToken(token)


@enforces(BEARER_CLIENT)
def check_bearer_client(client_id: str) -> None:
    """Unbound tokens are the demo's; whatever other client gets hold of one is refused."""
    if client_id not in settings.BEARER_CLIENTS:
        raise InvalidToken(
            BEARER_CLIENT,
            "The access token is not bound to a certificate",
            expected=list(settings.BEARER_CLIENTS),
            presented=client_id,
        )
