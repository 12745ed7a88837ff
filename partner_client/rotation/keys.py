"""The public keys under which the bank knows this client (RFC 7517 §5, https://www.rfc-editor.org/rfc/rfc7517)."""

from typing import Any

from django.conf import settings


def key_set() -> dict[str, Any]:
    """The JWK Set of the keys for assertions; empty where this client signs none. Raises NoClientKey.

    A DPoP key is in no set: whoever is called learns it from each proof (RFC 9449 §4.2).
    """
    store = settings.CLIENT_KEYS.assertion
    return {"keys": [] if store is None else store.published()}
