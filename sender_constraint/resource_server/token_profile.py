"""What the access tokens of one authorization server look like, where it differs from RFC 9068.

RFC 9068 §2 (https://www.rfc-editor.org/rfc/rfc9068) is the default. Other authorization servers write the
header ``typ`` of any JWT, name the client in a claim of their own, or list scopes. What a token proves is
never a matter of its profile.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sender_constraint.resource_server.issuer_signatures import FAPI_ALGORITHMS


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

    @property
    def _is_rfc9068(self) -> bool:
        return all(each.lower().removeprefix("application/") == "at+jwt" for each in self.types)

    def read(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        """The claims under their names of RFC 9068 §2.2: with ``client_id``, and ``scope`` as a text.

        Where the issuer does not follow it, ``sub``, ``jti`` and ``iat`` may be missing: what they say is
        taken from other claims. Whom a token is for, whose it is and when it ends is not.
        """
        read = dict(claims)
        if self.client_id_claim != "client_id":
            read.pop("client_id", None)
            if self.client_id_claim in claims:
                read["client_id"] = claims[self.client_id_claim]
        if self.scope_claim != "scope":
            read.pop("scope", None)
            if self.scope_claim in claims:
                read["scope"] = claims[self.scope_claim]
        if not self._is_rfc9068:
            read = {**_implied(read), **read}
        scopes = read.get("scope")
        if isinstance(scopes, list) and all(isinstance(each, str) and " " not in each for each in scopes):
            read["scope"] = " ".join(scopes)
        return read


RFC9068 = TokenProfile()


def _implied(claims: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 9068 §2.2: with client credentials the subject is the client. A name of its own every token has."""
    digest = hashlib.sha256(json.dumps(dict(claims), sort_keys=True).encode()).hexdigest()
    implied = {"sub": claims.get("client_id"), "jti": digest[:32], "iat": claims.get("nbf")}
    return {name: value for name, value in implied.items() if value is not None}
