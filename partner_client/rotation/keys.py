"""The public keys under which the bank knows this client (RFC 7517 §5, https://www.rfc-editor.org/rfc/rfc7517)."""

from datetime import datetime
from typing import Any

from django.conf import settings

from operations.certificates.client_keys import declared_key_stores


def key_set() -> dict[str, Any]:
    """The JWK Set of the keys for assertions; empty where this client signs none. Raises NoClientKey.

    A DPoP key is in no set: whoever is called learns it from each proof (RFC 9449 §4.2).
    """
    store = settings.CLIENT_KEYS.assertion
    return {"keys": [] if store is None else store.published()}


def serving_keys(now: datetime) -> dict[str, str | None]:
    """By purpose, the thumbprint of the key that signs now; None where there is none yet. now: aware."""
    return {purpose: store.current_id(now) for purpose, store in declared_key_stores().items()}
