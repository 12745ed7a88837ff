"""The client credentials grant, from a well-formed request by a known client to what it is granted.

RFC 6749 §4.4, https://www.rfc-editor.org/rfc/rfc6749. Values in, value or refusal out.
"""

from collections.abc import Callable

from authserver.client_authentication.authenticated import AuthenticatedClient
from authserver.tokens.access_tokens import Grant
from authserver.tokens.confirmations import Confirmed
from authserver.tokens.grants import check_grant_allowed, check_grant_supported
from authserver.tokens.resources import audience
from authserver.tokens.scopes import granted_scope
from authserver.tokens.token_request import TokenRequest


def decide(
    request: TokenRequest,
    authenticated: AuthenticatedClient,
    confirm: Callable[[AuthenticatedClient], Confirmed],
) -> Grant:
    """What this client is granted of what it asks for, and to what the token is bound. Raises a Refusal.

    confirm: proves that; it is asked last, since a proof counts once.
    """
    client = authenticated.client
    check_grant_supported(request.grant_type)
    check_grant_allowed(request.grant_type, client)
    target = audience(request.resources, client)
    scope = granted_scope(request.scope, client)
    bound = confirm(authenticated)
    return Grant(client, bound.certificate, bound.confirmation, target, scope)
