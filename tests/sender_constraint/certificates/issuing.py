"""An issuer without a network, which counts, and fails on demand."""

from collections.abc import Callable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.certificates.generations import Generation
from tests.sender_constraint.authority import Authority


class CountingIssuer:
    """Issues what is asked for; ``fails_with`` is raised instead while it is set."""

    def __init__(self, authority: Authority, clock: Callable[[], datetime]) -> None:
        self._authority = authority
        self._clock = clock
        self.keys: list[ec.EllipticCurvePublicKey] = []
        self.operations: list[str] = []
        self.published_ids: list[str] = []
        self.fails_with: dict[str, Exception] = {}
        self.secret: str | None = None

    def first(self, key: ec.EllipticCurvePrivateKey) -> list[x509.Certificate]:
        return self._issue("first", key)

    def next(self, key: ec.EllipticCurvePrivateKey, replaced: Generation) -> list[x509.Certificate]:  # noqa: ARG002
        return self._issue("next", key)

    def delivered_secret(self) -> str | None:
        return self.secret

    def published(self, generation: Generation) -> None:
        self.published_ids.append(generation.id)
        self.secret = None

    def _issue(self, operation: str, key: ec.EllipticCurvePrivateKey) -> list[x509.Certificate]:
        self.operations.append(operation)
        self.keys.append(key.public_key())
        if operation in self.fails_with:
            raise self.fails_with[operation]
        return [self._authority.issue(key, now=self._clock()), self._authority.issuing]
