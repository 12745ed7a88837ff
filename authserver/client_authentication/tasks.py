"""In the background: tokens end with the certificates that their clients take away.

RFC 8705 §2.2.2, https://www.rfc-editor.org/rfc/rfc8705: a client turns its certificates at its ``jwks_uri``.
Whoever takes one away there does not tell this server, and may never ask it for a token again. One that is
taken from ``jwks`` ends its tokens at once; a token that was about to be issued just then ends here.
"""

from functools import cache

from authserver.client_authentication.certificate_fetches import CertificateFetches, Question
from authserver.client_authentication.fetched_keys import FETCH_SECONDS, own_fetched_keys
from authserver.client_authentication.schedule import TASK
from authserver.clients.client_certificates import thumbprints_of
from authserver.clients.models import Client
from authserver.clients.registered_client import SELF_SIGNED_TLS_CLIENT_AUTH
from authserver.issued_tokens.register import active_token_thumbprints, revoke_all
from operations.tasks.background import background_task
from operations.tasks.ledger import Run
from sender_constraint.core.clock import utc_now
from sender_constraint.django.conf import library_settings


@background_task(TASK)
def follow_removed_certificates(run: Run) -> None:
    """Revoke what is bound to a certificate that was taken away. Idempotent, also where two do it at once."""
    clients = clients_with_own_certificates()
    # Only what was issued before the fetch: a certificate may be published, and used, just after it.
    fetches = own_fetches()
    fetches.begin(clients, active_token_thumbprints(list(clients), utc_now()))

    def revoke(question: Question) -> None:
        for thumbprint in question.removed():
            client_id = question.client.client_id
            if revoked := revoke_all(client_id, utc_now(), thumbprint):
                run.has_done(f"revoked {revoked} tokens of {client_id}, bound to {thumbprint}")

    run.each(fetches.answered(), revoke, _certificates_of)


def clients_with_own_certificates() -> dict[str, Client]:
    """By identifier, those whose tokens are bound to certificates that they register or publish."""
    rows = Client.objects.filter(
        token_endpoint_auth_method=SELF_SIGNED_TLS_CLIENT_AUTH, dpop_bound_access_tokens=False
    )
    return {row.client_id: row for row in rows}


@cache
def own_fetches() -> CertificateFetches:
    """Of this process, made when first needed: never shared with the process that it forked from."""
    return CertificateFetches(
        registered_thumbprints, min(library_settings().revocation_seconds / 3, FETCH_SECONDS)
    )


def registered_thumbprints(row: Client) -> frozenset[str]:
    """``x5t#S256`` of a client's own certificates as they are now. Raises FetchFailed."""
    client = row.registered()
    return thumbprints_of(own_fetched_keys().published_by(client) if client.jwks_uri else client.jwks)


def _certificates_of(question: Question) -> str:
    client = question.client
    return f"the certificates of {client.client_id}" + (f" at {client.jwks_uri}" if client.jwks_uri else "")
