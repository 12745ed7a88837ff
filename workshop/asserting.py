"""A client that signs what it sends: assertions (RFC 7523 §3) and DPoP proofs (RFC 9449 §4.2)."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of
from workshop.calls import Call
from workshop.wire import Credentials

FORM = "application/x-www-form-urlencoded"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME_SECONDS = 60


@dataclass(frozen=True)
class Signer:
    """Makes valid assertions and proofs, but for the members that are changed; None leaves one out.

    client_id: in whose name. issuer: as the authorization server names itself. key_identifier: of the key,
    as registered. proof_key: of its DPoP proofs. nonce: of the issuer, where it asked for one.
    """

    client_id: str
    issuer: str
    key: jws.PrivateKey
    key_identifier: str
    proof_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: new_key())
    nonce: str | None = None

    @classmethod
    def of_file(cls, client_id: str, issuer: str, file: Path, nonce: str | None) -> "Signer":
        """The client whose private JWK is in this file."""
        jwk = json.loads(file.read_text())
        key = jwt.PyJWK(jwk).key
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{file} holds no private EC key")
        return cls(client_id, issuer, key, jwk["kid"], nonce=nonce)

    def assertion(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """An assertion for the issuer, good for a minute."""
        now = int(time.time())
        valid = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.issuer,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
        }
        return jws.sign(
            {"kid": self.key_identifier, **(header or {})}, _present({**valid, **claims}), self.key
        )

    def proof(self, **claims: Any) -> str:
        """A proof for the token endpoint."""
        valid = {
            "jti": str(uuid.uuid4()),
            "htm": "POST",
            "htu": f"{self.issuer}/token",
            "iat": int(time.time()),
            "nonce": self.nonce,
        }
        header = {"typ": "dpop+jwt", "jwk": jwk_of(self.proof_key)}
        return jws.sign(header, _present({**valid, **claims}), self.proof_key)

    def token_call(self, origin: str, credentials: Credentials, *, with_proof: bool = True) -> Call:
        """The request for a token. origin: where the server listens."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(),
        }
        headers = (("Content-Type", FORM), *((("DPoP", self.proof()),) if with_proof else ()))
        return Call("POST", f"{origin}/token", None, credentials, headers, urlencode(form).encode())


@dataclass(frozen=True)
class Registration:
    """A client that registered itself (RFC 7591 §3.2.1).

    path: of its own address. token: its registration access token. spent: the initial access token.
    metadata: as it registered them.
    """

    path: str
    token: str
    spent: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class SigningClients:
    """Honest clients, each with its key.

    by_key: authenticates by assertions, its tokens are bound to a DPoP key. by_key_bound_to_certificate: the
    same, bound to a certificate. self_signed: the certificate that a client made for itself, and its key.
    registration: of the partner, which registered itself once more, by the name of its certificate, and
    registration_by_key: once more by a key; they raise LookupError where nobody lets it.
    statement: the partner's software statement; raises LookupError where the directory is elsewhere.
    """

    by_key: Signer
    by_key_bound_to_certificate: Signer
    self_signed: Credentials
    self_signed_client_id: str
    registration: Callable[[], Registration]
    registration_by_key: Callable[[], Registration]
    statement: Callable[[], str]


@dataclass(frozen=True)
class SigningLoot:
    """What thieves have of these clients.

    leaked: an assertion that the first signed, with members of its header and its claims changed: made for
    others, or for other times. overheard: has it call, and gives the assertion and the proof that it showed.
    forger: signs by a key of the thief's, in the name of that client (None) or of another.
    certificate: of the client that made its own; public. spent_initial_token, initial_token: by which the
    partner registered itself, and one for the thief. statement, expired_statement: the partner's software
    statements, which are no secrets.
    """

    leaked: Callable[..., str]
    overheard: Callable[[], tuple[str, str]]
    forger: Callable[[str | None], Signer]
    certificate: x509.Certificate
    spent_initial_token: Callable[[], str]
    initial_token: Callable[[], str]
    statement: Callable[[], str]
    expired_statement: Callable[[], str]


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
