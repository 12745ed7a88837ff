"""What the access tokens of one authorization server look like, where it differs from RFC 9068.

RFC 9068 §2 (https://www.rfc-editor.org/rfc/rfc9068) is the default. Other authorization servers write the
header ``typ`` of any JWT, name the client in a claim of their own, or list scopes. What a token proves is
never a matter of its profile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sender_constraint.resource_server.issuer_signatures import FAPI_ALGORITHMS

REQUIRED = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")


@dataclass(frozen=True, slots=True)
class TokenProfile:
    """How to read the tokens of one issuer.

    types: values of ``typ``, compared without case, also with ``application/`` before them. ``JWT`` makes
        every JWT of the issuer that is for this audience an access token: it takes an audience of its own.
    algorithms: with which the issuer signs, of ``issuer_signatures.ALGORITHMS``.
    client_id_claim, scope_claim: where the client and its scopes stand; the latter is a text with spaces
        between (RFC 8693 §4.2), or a list.
    """

    types: tuple[str, ...] = ("at+jwt",)
    algorithms: tuple[str, ...] = FAPI_ALGORITHMS
    client_id_claim: str = "client_id"
    scope_claim: str = "scope"

    @property
    def media_types(self) -> tuple[str, ...]:
        """RFC 7515 §4.1.9: ``application/`` may be left out of ``typ``; in lower case."""
        names = tuple(each.lower() for each in self.types)
        return (*names, *(f"application/{name}" for name in names))

    def read(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        """The claims under their names of RFC 9068 §2.2: with ``client_id``, and ``scope`` as a text."""
        read = dict(claims)
        if self.client_id_claim != "client_id":
            read.pop("client_id", None)
            if self.client_id_claim in claims:
                read["client_id"] = claims[self.client_id_claim]
        if self.scope_claim != "scope":
            read.pop("scope", None)
            if self.scope_claim in claims:
                read["scope"] = claims[self.scope_claim]
        scopes = read.get("scope")
        if isinstance(scopes, list) and all(isinstance(each, str) and " " not in each for each in scopes):
            read["scope"] = " ".join(scopes)
        return read


RFC9068 = TokenProfile()
