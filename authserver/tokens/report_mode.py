"""Report mode of the authorization server: some clients get unbound tokens where they prove nothing yet.

REPORT_CLIENTS    their ``client_id``; empty: what a client registered is demanded of it

Whoever shows the proof that it registered gets its bound token. A client authenticates as ever, its status is
asked for as ever, and none that registered for FAPI 2.0 is spared anything.
"""

from django.conf import settings
from django.http import HttpRequest

from authserver.client_authentication.authenticated import AuthenticatedClient
from authserver.clients.profile import is_held_to_fapi2
from authserver.clients.registered_client import RegisteredClient
from authserver.tokens.confirmations import Confirmed
from sender_constraint.core.errors import Refusal
from sender_constraint.core.report_mode import REPORTED, is_of_proof
from sender_constraint.django import events


def is_reporting(client: RegisteredClient) -> bool:
    """Whether this client may come without proof, and is only told of."""
    return client.client_id in settings.REPORT_CLIENTS and not is_held_to_fapi2(client)


def unproven(request: HttpRequest, authenticated: AuthenticatedClient, refusal: Refusal) -> Confirmed:
    """What takes the place of a binding, after telling. Raises the refusal where it is none of a proof."""
    if not (is_reporting(authenticated.client) and is_of_proof(refusal)):
        raise refusal
    events.recorded(
        request,
        REPORTED,
        rule=refusal.rule.identifier,
        section=refusal.rule.clause,
        refuses=refusal.rule.refuses,
        description=refusal.description,
        detail=refusal.detail,
    )
    return Confirmed(None, authenticated.certificate)
