"""The keys of a client."""

from collections.abc import Mapping
from typing import Any

from authserver.clients.registered_client import RegisteredClient


def keys_of(client: RegisteredClient) -> Mapping[str, Any]:
    """The client's JWK set."""
    return client.jwks or {"keys": []}
