"""DPoP proofs of now, for the route of the orders."""

import hashlib
import secrets
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of
from tests.sender_constraint.dpop.proofs import claims, header, signed

KEY = ec.generate_private_key(ec.SECP256R1())
JKT = jwk_thumbprint(jwk_of(KEY))


def proof_of(
    url: str, token: str, *, key: jws.PrivateKey = KEY, typ: str = "dpop+jwt", **changes: Any
) -> str:
    """A proof for GET, this address and this token, with claims changed."""
    valid = {
        "jti": secrets.token_urlsafe(16),
        "htm": "GET",
        "htu": url,
        "iat": int(time.time()),
        "ath": jws.encode(hashlib.sha256(token.encode()).digest()),
    }
    return signed(header(key, typ=typ), claims(**{**valid, **changes}), key)
