"""What a client signs with, beside the certificate of its connections: at one moment, and as it turns.

A client that is registered for ``private_key_jwt`` signs assertions (RFC 7523); one whose tokens are bound
to a key signs DPoP proofs (RFC 9449). Either may be; without both the certificate alone speaks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sender_constraint.client.assertions import ClientAssertions
from sender_constraint.client.dpop import DpopProofs, NonceBook
from sender_constraint.client.key_store import KeyStore
from sender_constraint.core.clock import Clock

BEARER = "Bearer"
DPOP = "DPoP"


def nothing() -> dict[str, str]:
    """No parameters: the certificate authenticates."""
    return {}


@dataclass(frozen=True, slots=True)
class Signing:
    """The keys of one binding.

    proofs: None where tokens are not bound to a key. authentication: makes the parameters that authenticate
    the client in one token request.
    """

    proofs: DpopProofs | None = None
    authentication: Callable[[], dict[str, str]] = nothing

    @property
    def token_type(self) -> str:
        """Of the tokens that are asked for (RFC 9449 §5), and the scheme to present them in."""
        return BEARER if self.proofs is None else DPOP


SIGNING_NOTHING = Signing()


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The stores of a client's keys; None where it signs no such thing."""

    dpop: KeyStore | None = None
    assertion: KeyStore | None = None
    # What an origin said to one key's proofs is good for the next key's.
    nonces: NonceBook = field(default_factory=NonceBook, repr=False)

    def current_ids(self, now: datetime) -> tuple[str | None, ...]:
        """Which keys serve: as long as this is the same, nothing has turned."""
        return tuple(store.current_id(now) for store in (self.dpop, self.assertion) if store is not None)

    def signing(self, client_id: str, issuer: str, clock: Clock) -> Signing:
        """What is signed with the keys that serve now. Raises NoClientKey."""
        now = clock()
        proofs, authentication = None, nothing
        if self.dpop is not None:
            proofs = DpopProofs(self.dpop.current(now).key, self.nonces, clock=clock)
        if self.assertion is not None:
            key = self.assertion.current(now)
            authentication = ClientAssertions(client_id, issuer, key.key, key.identifier, clock).form
        return Signing(proofs, authentication)
