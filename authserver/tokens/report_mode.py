"""Report mode: during a migration, some clients get unbound tokens although they present no valid proof.

REPORT_CLIENTS    their ``client_id``; if empty, every client must present the proof it registered for

A client that presents its proof gets its bound token. Client authentication and certificate status are
checked as always, and clients that registered for FAPI 2.0 are exempt from report mode.
"""

from django.conf import settings
from django.http import HttpRequest

from authserver.client_authentication.authenticated import AuthenticatedClient
from authserver.clients.policy import is_held_to_fapi2
from authserver.clients.registered_client import RegisteredClient
from authserver.tokens.binding import TokenBinding
from sender_constraint.core.errors import Refusal
from sender_constraint.core.report_mode import REPORTED, is_of_proof
from sender_constraint.django import events


def is_reporting(client: RegisteredClient) -> bool:
    """Whether a missing proof of this client is reported and not refused."""
    return client.client_id in settings.REPORT_CLIENTS and not is_held_to_fapi2(client)


def report_unproven(
    request: HttpRequest, authenticated: AuthenticatedClient, refusal: Refusal
) -> TokenBinding:
    """Report the refusal, and bind the token to nothing; in any other case raise the refusal."""
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
    return TokenBinding(None, authenticated.certificate)
