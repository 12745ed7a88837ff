"""The public keys of a client: ``jwks`` and ``jwks_uri``.

RFC 7591 §2, https://www.rfc-editor.org/rfc/rfc7591, and RFC 7517. The keys are kept for the methods of
client authentication that need them; nothing verifies by them yet.
"""

from collections.abc import Mapping
from typing import Any

from authserver.clients.members import check_member_type
from sender_constraint.errors import InvalidClientMetadata
from sender_constraint.rules import enforces, rule

KEYS_ONCE = rule(
    "registration.keys-once",
    "RFC 7591 §2",
    "The client's metadata has both jwks and jwks_uri.",
)
KEYS_BY_ADDRESS = rule(
    "registration.keys-by-address",
    "RFC 7591 §2",
    "The client's keys are to be fetched from jwks_uri, which this server does not support yet.",
)
KEY_SET = rule(
    "registration.key-set",
    "RFC 7517 §5",
    "jwks is no set of keys.",
)
PUBLIC_KEYS = rule(
    "registration.public-keys",
    "RFC 7591 §2",
    "jwks holds a private or a symmetric key: the client's secret is then no longer its own.",
)

# RFC 7518 §6.2.2, §6.3.2 and §6.4.1.
_PRIVATE_MEMBERS = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))


@enforces(KEYS_ONCE)
def check_keys_once(metadata: Mapping[str, Any]) -> None:
    """RFC 7591 §2: jwks and jwks_uri MUST NOT both be present."""
    if "jwks" in metadata and "jwks_uri" in metadata:
        raise InvalidClientMetadata(KEYS_ONCE, "jwks and jwks_uri exclude each other")


@enforces(KEYS_BY_ADDRESS)
def check_keys_by_address(metadata: Mapping[str, Any]) -> None:
    """RFC 7591 §2: refuse an address, rather than register a client whose keys nobody would fetch."""
    if "jwks_uri" in metadata:
        raise InvalidClientMetadata(KEYS_BY_ADDRESS, "jwks_uri is not supported yet: send jwks")


@enforces(KEY_SET)
def check_key_set(jwks: Mapping[str, Any]) -> None:
    """RFC 7517 §5: ``keys`` is an array of JWKs, each with a ``kty``."""
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not keys:
        raise InvalidClientMetadata(KEY_SET, "jwks has no keys")
    if not all(isinstance(key, dict) and isinstance(key.get("kty"), str) for key in keys):
        raise InvalidClientMetadata(KEY_SET, "jwks holds something that is no key")


@enforces(PUBLIC_KEYS)
def check_public_keys(jwks: Mapping[str, Any]) -> None:
    """RFC 7591 §2: the client's public keys. The refusal names the members, never their values."""
    secret = {name for key in jwks["keys"] for name in _PRIVATE_MEMBERS.intersection(key)}
    if secret or any(key["kty"] == "oct" for key in jwks["keys"]):
        raise InvalidClientMetadata(
            PUBLIC_KEYS, "jwks holds a key that is not public", members=sorted(secret)
        )


def client_keys(metadata: Mapping[str, Any]) -> dict[str, Any] | None:
    """The client's ``jwks``; None where it has none. Raises InvalidClientMetadata."""
    check_keys_once(metadata)
    check_keys_by_address(metadata)
    if "jwks" not in metadata:
        return None
    jwks = metadata["jwks"]
    check_member_type("jwks", jwks, dict)
    check_key_set(jwks)
    check_public_keys(jwks)
    return dict(jwks)
