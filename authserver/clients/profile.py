"""To whom FAPI 2.0 applies here: to all by the setting ``PROFILE``, or to a client that registered for it."""

from authserver.clients.registered_client import RegisteredClient
from operations.settings.fapi2 import FAPI2
from operations.settings.profile import is_fapi2


def is_held_to_fapi2(client: RegisteredClient) -> bool:
    """Whether this client gets nothing that FAPI 2.0 does not allow."""
    return is_fapi2() or client.profile == FAPI2
