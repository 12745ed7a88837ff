"""The token itself, in the format that the client registered, written down before anybody gets it.

RFC 9068 (https://www.rfc-editor.org/rfc/rfc9068) for a JWT, with a reference to its status
(draft-ietf-oauth-status-list-21 §6.2). One transaction, without network in it: the token and, where the
client came with an assertion, its use are recorded together or not at all.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from authserver.clients.registered_client import OPAQUE_FORMAT, RegisteredClient
from authserver.issued_tokens.handles import new_handle
from authserver.issued_tokens.register import Place, enter
from authserver.keys.signing_keys import SigningKey
from authserver.status_list.places import list_uri
from authserver.tokens.access_tokens import signed


def issue(
    client: RegisteredClient,
    claims: Mapping[str, Any],
    key: SigningKey,
    places: Iterable[Place],
    *,
    record_use: Callable[[], None],
) -> str:
    """The token with these claims. places: without end, random. record_use: of the authenticated client.

    Raises OperationalError, and what ``record_use`` raises.
    """
    if client.access_token_format == OPAQUE_FORMAT:
        return _opaque(claims, record_use)
    return _jwt(claims, key, places, record_use)


def _opaque(claims: Mapping[str, Any], record_use: Callable[[], None]) -> str:
    """A handle that says nothing; the claims stay here (RFC 6749 §1.4)."""
    handle = new_handle()
    enter(handle, claims, None, keep_claims=True, record_use=record_use)
    return handle


def _jwt(
    claims: Mapping[str, Any], key: SigningKey, places: Iterable[Place], record_use: Callable[[], None]
) -> str:
    """A signed token with a place of its own in a status list. A place that is taken costs another draw."""
    for place in places:
        reference = {"idx": place.index, "uri": list_uri(claims["iss"], place.status_list)}
        token = signed({**claims, "status": {"status_list": reference}}, key)
        if enter(token, claims, place, keep_claims=False, record_use=record_use):
            return token
    raise AssertionError("there are places without end")
