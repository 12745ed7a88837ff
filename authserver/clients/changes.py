"""Changing and removing registered clients: their tokens follow.

RFC 7592 §2.2 and §2.3, https://www.rfc-editor.org/rfc/rfc7592. What was bound to a certificate that a client
no longer has is revoked, and everything when the client goes.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from authserver.clients.client_certificates import thumbprints_of
from authserver.clients.models import Client, columns
from authserver.clients.registered_client import RegisteredClient
from authserver.issued_tokens.register import revoke_all

JwkSet = Mapping[str, Any] | None


def revoke_removed(client_id: str, before: JwkSet, after: JwkSet, now: datetime) -> int:
    """Revoke the client's tokens that are bound to certificates which are in its set no longer; how many."""
    removed = thumbprints_of(before) - thumbprints_of(after)
    return sum(revoke_all(client_id, now, thumbprint) for thumbprint in removed)


def replace(row: Client, updated: RegisteredClient, now: datetime) -> int:
    """Store the client as it is to be. Returns how many of its tokens are revoked. now: aware."""
    before = row.jwks
    for name, value in columns(updated).items():
        setattr(row, name, value)
    row.save()
    return revoke_removed(row.client_id, before, updated.jwks, now)


def remove(row: Client, now: datetime) -> int:
    """Forget the client. Returns how many of its tokens are revoked. now: aware."""
    client_id = row.client_id
    row.delete()
    return revoke_all(client_id, now)
