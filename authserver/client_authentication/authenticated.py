"""The input that client authentication takes from the transport, and its result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from authserver.clients.registered_client import RegisteredClient
from sender_constraint.core.certificate_checks import VerifiedCertificate

FAILED = "Client authentication failed"

FindClient = Callable[[str], RegisteredClient | None]


@dataclass(frozen=True, slots=True)
class Connection:
    """What the transport knows about the caller.

    certificates: DER, the leaf first, as presented in the handshake. authorization: the header, or None.
    """

    certificates: Sequence[bytes]
    authorization: str | None


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """A client that proved its identity; only ``authenticate`` makes one.

    certificate: the one that authenticated it; None if it authenticated by an assertion, whatever certificate
        the connection has.
    assertion_use: the key under which the use of its assertion is recorded, and when the assertion expires,
        in seconds since 1970; None if it authenticated by certificate, which is not used up.
    """

    client: RegisteredClient
    certificate: VerifiedCertificate | None
    assertion_use: tuple[str, float] | None = None
