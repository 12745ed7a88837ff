"""The public keys of a client: ``jwks`` and ``jwks_uri``.

RFC 7591 §2, https://www.rfc-editor.org/rfc/rfc7591, and RFC 7517. A client that authenticates by
private_key_jwt needs keys, one by self_signed_tls_client_auth needs certificates; what is fetched from a
``jwks_uri`` passes the same checks as what is registered.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from authserver.clients.client_certificates import check_certificates
from authserver.clients.members import check_member_type, metadata_rule, text
from authserver.clients.registered_client import (
    PRIVATE_KEY_JWT,
    SELF_SIGNED_TLS_CLIENT_AUTH,
    SIGNING_ALGORITHMS,
    TLS_CLIENT_AUTH,
)
from sender_constraint.core.errors import InvalidClientMetadata, Refusal
from sender_constraint.core.rules import enforces
from sender_constraint.jose.jwk import PublicJwk, public_jwk

KEYS_ONCE = metadata_rule("registration.keys-once", "RFC 7591 §2", "The metadata has both jwks and jwks_uri.")
KEYS_NEEDED = metadata_rule(
    "registration.keys-needed",
    "RFC 7591 §2",
    "The authentication method needs registered keys or certificates.",
)
KEYS_BY_ADDRESS = metadata_rule(
    "registration.keys-by-address", "RFC 7591 §5", "jwks_uri is not an https URL on an allowed host."
)
KEY_SET = metadata_rule("registration.key-set", "RFC 7517 §5", "jwks is not a JWK Set, or has too many keys.")
PUBLIC_KEYS = metadata_rule(
    "registration.public-keys", "RFC 7591 §2", "jwks contains a private or a symmetric key."
)
USABLE_KEYS = metadata_rule(
    "registration.usable-keys", "RFC 7523 §3", "jwks has a weak key, or none that can verify an assertion."
)

MOST_KEYS = 20
LONGEST_ADDRESS_CHARACTERS = 2_000

_ALGORITHMS = {("EC", "P-256"): "ES256", ("RSA", None): "PS256", ("OKP", "Ed25519"): "EdDSA"}
# RFC 7518 §6.2.2, §6.3.2 and §6.4.1.
_PRIVATE_MEMBERS = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """Where a client's public keys are: here, or at an address, or nowhere (for the PKI method)."""

    jwks: dict[str, Any] | None
    jwks_uri: str


@enforces(KEYS_ONCE)
def check_keys_once(metadata: Mapping[str, Any]) -> None:
    """RFC 7591 §2: jwks and jwks_uri MUST NOT both be present."""
    if "jwks" in metadata and "jwks_uri" in metadata:
        raise InvalidClientMetadata(KEYS_ONCE, "jwks and jwks_uri are mutually exclusive")


@enforces(KEYS_NEEDED)
def check_keys_needed(metadata: Mapping[str, Any], method: str) -> None:
    """RFC 7591 §2, RFC 8705 §2.2.2: what such a client proves itself by has to be known beforehand."""
    if method != TLS_CLIENT_AUTH and "jwks" not in metadata and "jwks_uri" not in metadata:
        raise InvalidClientMetadata(
            KEYS_NEEDED, f"token_endpoint_auth_method {method} needs jwks or jwks_uri", presented=method
        )


@enforces(KEYS_BY_ADDRESS)
def check_keys_by_address(address: str, hosts: Collection[str]) -> None:
    """RFC 7591 §5: over TLS, and from hosts that the operator named: else anyone had us call anyone."""
    try:
        parts = urlsplit(address)
        fine = parts.scheme == "https" and not parts.fragment and "@" not in parts.netloc
        host = parts.netloc.lower() if fine else ""
    except ValueError:
        host = ""
    if not host or len(address) > LONGEST_ADDRESS_CHARACTERS:
        raise InvalidClientMetadata(KEYS_BY_ADDRESS, "jwks_uri is not an https URL", presented=address[:200])
    if host not in hosts:
        raise InvalidClientMetadata(
            KEYS_BY_ADDRESS,
            "jwks_uri is on a host that is not allowed: send jwks",
            expected=sorted(hosts),
            presented=host[:200],
        )


@enforces(KEY_SET)
def check_key_set(jwks: Mapping[str, Any]) -> None:
    """RFC 7517 §5: ``keys`` is an array of JWKs, each with a ``kty``."""
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not keys:
        raise InvalidClientMetadata(KEY_SET, "jwks has no keys")
    if len(keys) > MOST_KEYS:
        raise InvalidClientMetadata(KEY_SET, f"jwks has more than {MOST_KEYS} keys")
    if not all(isinstance(key, dict) and isinstance(key.get("kty"), str) for key in keys):
        raise InvalidClientMetadata(KEY_SET, "jwks contains an entry that is not a key")


@enforces(PUBLIC_KEYS)
def check_public_keys(jwks: Mapping[str, Any]) -> None:
    """RFC 7591 §2: the client's public keys. The refusal names the members, never their values."""
    secret = {name for key in jwks["keys"] for name in _PRIVATE_MEMBERS.intersection(key)}
    if secret or any(key["kty"] == "oct" for key in jwks["keys"]):
        raise InvalidClientMetadata(
            PUBLIC_KEYS, "jwks contains a key that is not public", members=sorted(secret)
        )


@enforces(USABLE_KEYS)
def check_usable_keys(jwks: Mapping[str, Any], algorithm: str) -> None:
    """RFC 7523 §3, FAPI 2.0 §5.4: keys of types that are used here are sound, and one of them fits.

    Keys of other types are left alone (RFC 7517 §5): the set may serve other purposes as well.
    """
    usable = {public_jwk(key, InvalidClientMetadata).algorithm for key in jwks["keys"] if is_for_signing(key)}
    if not usable.intersection((algorithm,) if algorithm else SIGNING_ALGORITHMS):
        raise InvalidClientMetadata(
            USABLE_KEYS, f"jwks has no key for {algorithm or ' or '.join(SIGNING_ALGORITHMS)}"
        )


def is_for_signing(key: Mapping[str, Any]) -> bool:
    """Whether a JWK is one of a kind by which assertions are signed here.

    RFC 7517 §4.2, §4.4 and §5: what a key says about its use is kept to, and other kinds are passed over.
    """
    kind, curve = key.get("kty"), key.get("crv")
    if not isinstance(kind, str) or not isinstance(curve, str | None):
        return False
    algorithm = _ALGORITHMS.get((kind, None if kind == "RSA" else curve))
    return algorithm is not None and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm


def verification_keys(
    header: Mapping[str, Any], keys: Mapping[str, Any], error: type[Refusal]
) -> tuple[list[PublicJwk], list[PublicJwk]]:
    """Those keys of a JWK set that could verify a JWS, and all of them that are for signing.

    RFC 7515 §4.1.4: of the algorithm in the header, and of its ``kid`` if it names one; a key without ``kid``
    goes by any. Raises ``error`` for a key that is none.
    """
    identifier = header.get("kid")
    usable = [_read_key(json.dumps(key), error) for key in keys["keys"] if is_for_signing(key)]  # type: ignore[arg-type]  # classes are hashable
    fitting = [
        key
        for key in usable
        if key.algorithm == header["alg"] and identifier in (None, key.key_identifier or identifier)
    ]
    return fitting, usable


@lru_cache(maxsize=1024)
def _read_key(jwk: str, error: type[Refusal]) -> PublicJwk:
    """A client with many keys is not answered later than another: each is read once. jwk: JSON."""
    return public_jwk(json.loads(jwk), error)


def check_keys(jwks: Mapping[str, Any], method: str, algorithm: str) -> None:
    """All that is demanded of a client's keys, registered or fetched. Raises InvalidClientMetadata."""
    check_key_set(jwks)
    check_public_keys(jwks)
    if method == PRIVATE_KEY_JWT:
        check_usable_keys(jwks, algorithm)
    if method == SELF_SIGNED_TLS_CLIENT_AUTH:
        check_certificates(jwks)


def client_keys(
    metadata: Mapping[str, Any], method: str, algorithm: str, hosts: Collection[str]
) -> ClientKeys:
    """The client's ``jwks`` or ``jwks_uri``. hosts: of which addresses are fetched, with port if it has one.

    Raises InvalidClientMetadata.
    """
    check_keys_once(metadata)
    check_keys_needed(metadata, method)
    address = text(metadata, "jwks_uri")
    if address is not None:
        check_keys_by_address(address, hosts)
    if "jwks" not in metadata:
        return ClientKeys(None, address or "")
    jwks = metadata["jwks"]
    check_member_type("jwks", jwks, dict)
    check_keys(jwks, method, algorithm)
    return ClientKeys(dict(jwks), "")
