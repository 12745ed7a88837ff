"""Thumbprints of certificates and of keys.

RFC 8705, OAuth 2.0 Mutual-TLS Client Authentication and Certificate-Bound Access Tokens, §3.1
(https://www.rfc-editor.org/rfc/rfc8705) and RFC 7638, JSON Web Key Thumbprint, §3
(https://www.rfc-editor.org/rfc/rfc7638). All values are SHA-256, base64url, unpadded: 43 characters.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

# 43 characters carry 258 bits: the last character holds two spare bits, and only zeros are canonical
# (RFC 4648 §3.5). Other spellings of the same bytes match no thumbprint, since they are compared exactly.
_CANONICAL_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")

# RFC 7638 §3.2 for EC, RSA and oct; RFC 8037 §2 for OKP.
_REQUIRED_MEMBERS = {
    "EC": ("crv", "kty", "x", "y"),
    "RSA": ("e", "kty", "n"),
    "OKP": ("crv", "kty", "x"),
    "oct": ("k", "kty"),
}


def certificate_thumbprint(der: bytes) -> str:
    """The ``x5t#S256`` of a certificate (RFC 8705 §3.1): base64url, unpadded, SHA-256 of its DER."""
    return _digest(der)


def jwk_thumbprint(jwk: Mapping[str, Any]) -> str:
    """The ``jkt`` of a key (RFC 7638 §3): base64url, unpadded, SHA-256 of its required members.

    A private key has the thumbprint of its public key. A symmetric key's thumbprint is computed too, but
    gives it away to guessing if the key is a weak one (RFC 7638 §7). The key itself is not validated.
    Raises ValueError for an unknown key type, and for a required member that is absent or no string.
    """
    key_type = jwk.get("kty")
    if not isinstance(key_type, str) or key_type not in _REQUIRED_MEMBERS:
        raise ValueError("the JWK's key type is unknown")
    required = {name: jwk.get(name) for name in _REQUIRED_MEMBERS[key_type]}
    for name, value in required.items():
        if not isinstance(value, str):
            raise ValueError(f"the JWK lacks the string member {name!r}")
    canonical = json.dumps(required, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _digest(canonical.encode())


def is_thumbprint(value: object) -> TypeGuard[str]:
    """Whether a value is a string that an encoder of SHA-256 thumbprints can produce."""
    return isinstance(value, str) and _CANONICAL_THUMBPRINT.fullmatch(value) is not None


def same_thumbprint(expected: str, presented: str) -> bool:
    """Whether two thumbprints are the same string; the time taken does not tell where they differ."""
    return hmac.compare_digest(
        expected.encode(errors="surrogatepass"), presented.encode(errors="surrogatepass")
    )


def _digest(octets: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(octets).digest()).rstrip(b"=").decode("ascii")
