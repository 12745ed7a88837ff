"""What client authentication takes from the transport, and what it gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from authserver.clients.registered_client import RegisteredClient
from sender_constraint.core.certificate_checks import VerifiedCertificate

FAILED = "Client authentication failed"

FindClient = Callable[[str], RegisteredClient | None]


@dataclass(frozen=True, slots=True)
class Connection:
    """What the transport says about the caller.

    certificates: DER, the leaf first, as presented in the handshake.
    authorization: the Authorization header; None where there is none.
    """

    certificates: Sequence[bytes]
    authorization: str | None


def nothing_to_record() -> None:
    """What authenticates by certificate proves possession on each connection, and is not used up."""


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """A client that proved who it is; only ``authenticate`` makes one.

    certificate: the one by which it did so; None where it did so in another way, whatever the connection
        shows.
    record_use: records that its assertion was used, if it had one, within the caller's transaction; raises
        InvalidClient if it was used before. Called before the client gets anything.
    """

    client: RegisteredClient
    certificate: VerifiedCertificate | None
    record_use: Callable[[], None] = nothing_to_record
