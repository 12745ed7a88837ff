"""Client authentication by a signed assertion: ``private_key_jwt``.

RFC 7523, JWT Profile for OAuth 2.0 Client Authentication, §2.2 and §3
(https://www.rfc-editor.org/rfc/rfc7523); the audience is the issuer alone, as one string, by the FAPI 2.0
Security Profile, §5.3.3.1.
"""

import secrets
from dataclasses import dataclass, field

from sender_constraint.certificates.renewal import Clock, utc_now
from sender_constraint.jose import jws

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ClientAssertions:
    """Makes assertions of one client for one authorization server.

    audience: the issuer's identifier. key_identifier: the ``kid`` under which the key is registered.
    """

    client_id: str
    audience: str
    key: jws.PrivateKey = field(repr=False)
    key_identifier: str
    clock: Clock = utc_now

    def form(self) -> dict[str, str]:
        """The parameters of RFC 7523 §2.2 with a fresh assertion: each is for one request."""
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.audience,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
        }
        assertion = jws.sign({"typ": "JWT", "kid": self.key_identifier}, claims, self.key)
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
