"""Issues the token in the format that the client registered, and records it before the client receives it.

RFC 9068 (https://www.rfc-editor.org/rfc/rfc9068) for a JWT, with a reference to its status
(draft-ietf-oauth-status-list-21 §6.2). The token and the use of the client's assertion are recorded in one
transaction, both or neither.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.db import transaction

from authserver.client_authentication.authenticated import AuthenticatedClient
from authserver.client_authentication.http import record_assertion_use
from authserver.clients.registered_client import OPAQUE_FORMAT
from authserver.issued_tokens.register import IndexTaken, new_handle, record_issued_token
from authserver.keys.signing_keys import SigningKey
from authserver.status_list.places import list_uri, places
from authserver.tokens.access_tokens import signed


def issue_token(authenticated: AuthenticatedClient, claims: Mapping[str, Any], key: SigningKey) -> str:
    """A token with these claims, in the client's format.

    Raises OperationalError, and InvalidClient if the client's assertion was used before.
    """
    if authenticated.client.access_token_format == OPAQUE_FORMAT:
        return _issue_opaque(authenticated, claims)
    return _issue_jwt(authenticated, claims, key)


def _issue_opaque(authenticated: AuthenticatedClient, claims: Mapping[str, Any]) -> str:
    """A random handle; the claims are kept in the database (RFC 6749 §1.4)."""
    handle = new_handle()
    with transaction.atomic():
        record_assertion_use(authenticated)
        record_issued_token(handle, claims, None, keep_claims=True)
    return handle


def _issue_jwt(authenticated: AuthenticatedClient, claims: Mapping[str, Any], key: SigningKey) -> str:
    """A signed token with an index in a status list; if another token has the index, with the next one."""
    for place in places():
        reference = {"idx": place.index, "uri": list_uri(claims["iss"], place.status_list)}
        token = signed({**claims, "status": {"status_list": reference}}, key)
        with suppress(IndexTaken), transaction.atomic():
            record_assertion_use(authenticated)
            record_issued_token(token, claims, place, keep_claims=False)
            return token
    raise AssertionError("the places have no end")
