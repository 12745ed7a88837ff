"""Keys with which a client signs, on disk, that turn: for DPoP proofs, and for client assertions.

    <path>/<time of birth>_<kid>.pem    PKCS#8, mode 0600

When a key serves follows from when it was born and from the clock, so that whoever dies on the way leaves
nothing half-done: a new key serves once it has been published for ``lead_seconds``, or at once where there is
no other. The one before is kept for ``keep_seconds`` more, for whoever still holds what it signed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from sender_constraint.certificates import durable_files
from sender_constraint.certificates.file_locks import locked
from sender_constraint.client.errors import NoClientKey
from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of

_NAME = re.compile(r"(\d{8}T\d{6}\.\d{6}Z)_([A-Za-z0-9_-]{43})\.pem")
_TIME = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A key that signs. identifier: its ``kid``, which is its thumbprint (RFC 7638). born_at: aware UTC."""

    identifier: str
    born_at: datetime
    key: jws.PrivateKey = field(repr=False)

    def public_jwk(self) -> dict[str, str]:
        """The key as it is registered or published (RFC 7517 §4)."""
        return {**jwk_of(self.key), "kid": self.identifier, "use": "sig", "alg": jws.algorithm_of(self.key)}


@dataclass(frozen=True, slots=True)
class KeyStore:
    """The keys of one purpose.

    lifetime_seconds: after so many a key's successor is born. lead_seconds: for so many a new key is
    published before it signs. keep_seconds: for so many the one before it stays published.
    """

    path: Path
    lifetime_seconds: float
    lead_seconds: float = 0.0
    keep_seconds: float = 600.0

    def current_id(self, now: datetime) -> str | None:
        """The identifier of the key that serves: one look at a directory, cheap enough for every call."""
        serving = self._serving(self._names(), now)
        return serving[1] if serving else None

    def current(self, now: datetime) -> ClientKey:
        """The key that serves. Raises NoClientKey."""
        serving = self._serving(self._names(), now)
        if serving is None:
            raise NoClientKey(f"{self.path} holds no key yet; next: ./scripts/manage SERVICE prepare")
        return self._read(*serving)

    def published(self) -> list[dict[str, str]]:
        """The public keys that sign, will sign or have just signed (RFC 7517 §5). Raises NoClientKey."""
        return [self._read(*name).public_jwk() for name in self._names()]

    def turn(self, now: datetime) -> str | None:
        """Do what is due: a first key, a successor, the end of one that has had its time. Idempotent.

        One process at a time does it. Returns the identifier of a key that was born. Raises OSError.
        """
        with locked(self.path / "lock"):
            names = self._names()
            born = None
            if not names or now >= names[-1][0] + timedelta(seconds=self.lifetime_seconds):
                born = self.keep(ec.generate_private_key(ec.SECP256R1()), now)
            for born_at, identifier in self._done(self._names(), now):
                self._file(born_at, identifier).unlink(missing_ok=True)
            return born

    def keep(self, key: jws.PrivateKey, born_at: datetime) -> str:
        """Take in a key, one's own or one that was made elsewhere; returns its identifier. Raises OSError."""
        identifier = jwk_thumbprint(jwk_of(key))
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        durable_files.replace(self._file(born_at, identifier), pem, durable_files.PRIVATE)
        return identifier

    def _serving(self, names: Sequence[tuple[datetime, str]], now: datetime) -> tuple[datetime, str] | None:
        ready = [name for name in names if now >= name[0] + timedelta(seconds=self.lead_seconds)]
        return ready[-1] if ready else (names[0] if names else None)

    def _done(self, names: Sequence[tuple[datetime, str]], now: datetime) -> list[tuple[datetime, str]]:
        """Those whose successor has signed for long enough."""
        kept = timedelta(seconds=self.lead_seconds + self.keep_seconds)
        return [name for name, successor in pairwise(names) if now >= successor[0] + kept]

    def _names(self) -> list[tuple[datetime, str]]:
        """The keys on disk, the oldest first."""
        try:
            found = [_NAME.fullmatch(file.name) for file in self.path.iterdir()]
        except FileNotFoundError:
            return []
        return sorted(
            (datetime.strptime(each[1], _TIME).replace(tzinfo=UTC), each[2]) for each in found if each
        )

    def _read(self, born_at: datetime, identifier: str) -> ClientKey:
        file = self._file(born_at, identifier)
        try:
            key = load_pem_private_key(durable_files.read_private(file), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise NoClientKey(f"{file} is no private key that can be used: {error}") from error
        if not isinstance(key, jws.PrivateKey) or jwk_thumbprint(jwk_of(key)) != identifier:
            raise NoClientKey(f"{file} is not the key that its name says")
        return ClientKey(identifier, born_at, key)

    def _file(self, born_at: datetime, identifier: str) -> Path:
        return self.path / f"{born_at.astimezone(UTC).strftime(_TIME)}_{identifier}.pem"
