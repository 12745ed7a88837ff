"""What stands for a token: the handle of an opaque one, and the digest by which either kind is found.

RFC 6749 §10.10 (https://www.rfc-editor.org/rfc/rfc6749): a token must not be guessed; with 256 random bits
nobody does, and none is kept that could be stolen from here.
"""

import base64
import hashlib
import secrets

HANDLE_BYTES = 32


def new_handle() -> str:
    """A handle of 256 random bits: base64url, unpadded, 43 characters."""
    return secrets.token_urlsafe(HANDLE_BYTES)


def token_digest(token: str) -> str:
    """The SHA-256 of a token's characters: base64url, unpadded."""
    digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
