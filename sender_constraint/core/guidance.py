"""What explains a refusal to the developer of the refused caller. Each rule declares its own: see ``rules``.

An audit event carries the guidance of its rule, so that a reader of the trail needs no code of the service
that wrote it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

# Phrases that rules of several packages share.
JSON_OBJECT = "a base64url-encoded JSON object without duplicate members"
SUPPORTED_ALGORITHM = "Use ES256 (P-256), PS256 (RSA, at least 2048 bits) or EdDSA (Ed25519)."
REQUEST_NEW_ONE = "Request a new access token from the authorization server, and send that one."
ISSUER_ERROR = "Report this to the issuer of the token; the caller cannot fix it."
RETRY_LATER = (
    "Retry after the number of seconds in Retry-After; if the error persists, give the operator the "
    "correlation ID."
)
CLIENT_CERTIFICATE = (
    "Enrol for a client certificate with the scheme's certificate authority, and use that one."
)
SEE_OPENAPI = "Compare the request with the API's OpenAPI document."


class Comparison(StrEnum):
    """How an explanation compares ``expected`` and ``presented`` of a refusal's detail, or its times."""

    # One text that should be among several: the nearest one, and where it differs.
    TEXT = "text"
    IP_ADDRESS = "ip-address"
    DISTINGUISHED_NAME = "distinguished-name"
    # Members of two lists, or words of two texts: all should be the same, none missing, or none added.
    SAME_MEMBERS = "same-members"
    NONE_MISSING = "none-missing"
    NONE_ADDED = "none-added"
    # A certificate against the thumbprint in a token, or a thumbprint against its syntax.
    THUMBPRINT = "thumbprint"
    THUMBPRINT_SYNTAX = "thumbprint-syntax"
    CERTIFICATE_CHAIN = "certificate-chain"
    # A time against the clock.
    EXPIRY = "expiry"
    START = "start"
    RENEWAL_WINDOW = "renewal-window"


@dataclass(frozen=True, slots=True)
class Guidance:
    """The words of an explanation.

    ``{name}`` stands for a value of the refusal's detail, or for the request's ``method`` or ``path``.

    expected, presented: noun phrases; empty where the values of the detail say it all.
    next_step: a sentence in the imperative; empty if only the operator of the service can act.
    compare: how to find where expected and presented differ, if they can be compared.
    """

    expected: str = ""
    presented: str = ""
    next_step: str = ""
    compare: Comparison | None = None

    @classmethod
    def of_fields(cls, fields: Mapping[str, Any]) -> Self:
        """The guidance in an audit event. Fields of other types, or of a later version, are left out."""
        words = {name: fields.get(name) for name in ("expected", "presented", "next_step")}
        kind = fields.get("compare")
        return cls(
            **{name: each for name, each in words.items() if isinstance(each, str)},
            compare=Comparison(kind) if isinstance(kind, str) and kind in set(Comparison) else None,
        )

    def fields(self) -> dict[str, str]:
        """The guidance for an audit event: what there is of it."""
        words = {
            "expected": self.expected,
            "presented": self.presented,
            "next_step": self.next_step,
            "compare": self.compare,
        }
        return {name: str(value) for name, value in words.items() if value}


NO_GUIDANCE = Guidance()
