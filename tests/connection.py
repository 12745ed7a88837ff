"""What the TLS front puts beside a request that a test makes without one."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FakeTLSSocket:
    """The certificates of the handshake, DER, the leaf first."""

    certificates: Sequence[bytes] = ()

    def peer_certificates(self) -> tuple[bytes, ...]:
        return tuple(self.certificates)
