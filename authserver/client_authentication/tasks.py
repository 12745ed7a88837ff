"""In the background: tokens end with the certificates that their clients take away.

RFC 8705 §2.2.2, https://www.rfc-editor.org/rfc/rfc8705: a client turns its certificates at its ``jwks_uri``.
Whoever takes one away there does not tell this server, and may never ask it for a token again. One that is
taken from ``jwks`` ends its tokens at once; a token that was about to be issued just then ends here.
"""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from authserver.client_authentication.fetched_keys import own_fetched_keys
from authserver.client_authentication.schedule import TASK
from authserver.clients.client_certificates import thumbprints_of
from authserver.clients.models import Client
from authserver.clients.registered_client import SELF_SIGNED_TLS_CLIENT_AUTH, RegisteredClient
from authserver.issued_tokens.register import living_confirmations, revoke_all
from sender_constraint.certificates.renewal import utc_now
from sender_constraint.django.background import background_task
from sender_constraint.resource_server.fresh_answers import NoAnswer
from sender_constraint.server.ledger import Run

# A server that does not answer holds up the others for no longer than its own time.
FETCHES_AT_ONCE = 8


@background_task(TASK)
def follow_removed_certificates(run: Run) -> None:
    """Revoke what is bound to a certificate that was taken away. Idempotent, also where two do it at once."""
    clients = clients_with_own_certificates()
    # Only what was issued before the fetch: a certificate may be published, and used, just after it.
    bound = living_confirmations(list(clients), utc_now())
    with ThreadPoolExecutor(FETCHES_AT_ONCE) as beside:
        answers = beside.map(registered_thumbprints, [clients[client_id] for client_id in bound])
        for client_id, registered in zip(bound, answers, strict=True):
            if isinstance(registered, NoAnswer):
                run.found(f"the certificates of {client_id} at {clients[client_id].jwks_uri}: {registered}")
            else:
                _revoke(run, client_id, bound[client_id] - registered)


def clients_with_own_certificates() -> dict[str, RegisteredClient]:
    """By identifier, those whose tokens are bound to certificates that they register or publish."""
    rows = Client.objects.filter(
        token_endpoint_auth_method=SELF_SIGNED_TLS_CLIENT_AUTH, dpop_bound_access_tokens=False
    )
    return {row.client_id: row.registered() for row in rows}


def registered_thumbprints(client: RegisteredClient) -> frozenset[str] | NoAnswer:
    """``x5t#S256`` of a client's own certificates as they are now; or why they cannot be had."""
    try:
        jwks = own_fetched_keys().published_by(client) if client.jwks_uri else client.jwks
    except NoAnswer as problem:
        return problem
    return thumbprints_of(jwks)


def _revoke(run: Run, client_id: str, removed: Collection[str]) -> None:
    for thumbprint in removed:
        if revoked := revoke_all(client_id, utc_now(), thumbprint):
            run.has_done(f"revoked {revoked} tokens of {client_id}, bound to {thumbprint}")
