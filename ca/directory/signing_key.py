"""The key that signs software statements: on P-256, another one than those that sign certificates.

RFC 7517 §5, https://www.rfc-editor.org/rfc/rfc7517. It is born in the authority's state with mode 0600, and
encrypted like the authority's keys if those are. Its ``kid`` is its thumbprint (RFC 7638).
"""

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ca.authority.directory import AuthorityDirectory, NoAuthority, decrypted
from sender_constraint.certificates import durable_files
from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of

NAME = "statements-private-key.pem"


class StatementKey:
    """A file beside the authority's. authority: whose passphrase encrypts it, if there is one."""

    def __init__(self, keys: Path, authority: AuthorityDirectory) -> None:
        self.path = keys / NAME
        self._authority = authority

    def ensure(self) -> ec.EllipticCurvePrivateKey:
        """The key, made now if there is none yet. Raises WrongPassphrase and NoAuthority."""
        if not self.path.exists():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            durable_files.write_once(self.path, self._new(), durable_files.PRIVATE)
        return self.load()

    def load(self) -> ec.EllipticCurvePrivateKey:
        """The key. Raises WrongPassphrase, and NoAuthority where it cannot be used."""
        passphrase = self._authority.passphrase()
        try:
            key = decrypted(self.path, durable_files.read_private(self.path), passphrase)
        except (OSError, ValueError) as error:
            raise NoAuthority(f"the key of the directory cannot be used: {error}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise NoAuthority("the key of the directory is not on P-256")
        return key

    def public_jwks(self) -> dict[str, Any]:
        """The JWK Set of RFC 7517 §5; empty before the first statement. Raises as ``load`` does."""
        if not self.path.exists():
            return {"keys": []}
        jwk = jwk_of(self.load())
        return {"keys": [{**jwk, "kid": jwk_thumbprint(jwk), "use": "sig", "alg": jws.ES256}]}

    def _new(self) -> bytes:
        passphrase = self._authority.passphrase()
        encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase is not None:
            encryption = serialization.BestAvailableEncryption(passphrase)
        return ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )
