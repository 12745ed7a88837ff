"""Refusals: one class per registered error code, with a public side and a private side.

The public side is what goes over the wire: the code, the status and a short description. The private
side is for the audit trail: the rule that refused, and what was expected and what was presented.

    Refusal
    ├── InvalidRequest              400  RFC 6749 §5.2, RFC 6750 §3.1
    ├── InvalidClient               401  RFC 6749 §5.2
    ├── UnauthorizedClient          400  RFC 6749 §5.2
    ├── UnsupportedGrantType        400  RFC 6749 §5.2
    ├── UnsupportedTokenType        400  RFC 7009 §2.2.1
    ├── InvalidScope                400  RFC 6749 §5.2
    ├── InvalidTarget               400  RFC 8707 §2
    ├── InvalidClientMetadata       400  RFC 7591 §3.2.2
    ├── InvalidSoftwareStatement    400  RFC 7591 §3.2.2
    ├── UnapprovedSoftwareStatement 400  RFC 7591 §3.2.2
    ├── InvalidToken                401  RFC 6750 §3.1
    ├── InsufficientScope           403  RFC 6750 §3.1
    ├── InvalidDpopProof            400  RFC 9449 §5; 401 at a protected resource, §7.1
    ├── UseDpopNonce                400  RFC 9449 §8; 401 at a protected resource, §9
    └── TemporarilyUnavailable      503  RFC 6749 §4.1.2.1
        └── TooManyRequests         429  RFC 6585 §4
"""

import re
from typing import Any, ClassVar

from sender_constraint.core.rules import Rule

# RFC 6749 §5.2, RFC 6750 §3: the characters of an error_description.
_NOT_IN_DESCRIPTIONS = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


class Refusal(Exception):
    r"""Something was refused. Raised as one of the subclasses, each of which has its registered code.

    rule: the rule that refused.
    description: for the wire; no secret in it. Characters that RFC 6749 §5.2 does not have become ``?``.
    detail: for the audit trail only, for example ``expected`` and ``presented``; never a token or a key.
    status: HTTP status, where it differs from the class's own.
    """

    code: ClassVar[str]
    default_status: ClassVar[int] = 400

    def __init__(self, rule: Rule, description: str, *, status: int | None = None, **detail: Any) -> None:
        self.description = _NOT_IN_DESCRIPTIONS.sub("?", description)
        super().__init__(f"{self.code}: {self.description} [{rule.identifier}]")
        self.rule = rule
        self.status = status or self.default_status
        self.detail = detail


class InvalidRequest(Refusal):
    """The request is malformed, or repeats or lacks a parameter."""

    code = "invalid_request"


class InvalidClient(Refusal):
    """The client could not be authenticated."""

    code = "invalid_client"
    default_status = 401


class UnauthorizedClient(Refusal):
    """The authenticated client may not use this grant."""

    code = "unauthorized_client"


class UnsupportedGrantType(Refusal):
    """The authorization server does not know this grant."""

    code = "unsupported_grant_type"


class UnsupportedTokenType(Refusal):
    """The authorization server does not revoke tokens of this type."""

    code = "unsupported_token_type"


class InvalidScope(Refusal):
    """The scope is unknown, malformed or not this client's."""

    code = "invalid_scope"


class InvalidTarget(Refusal):
    """The resource is unknown, malformed or not this client's."""

    code = "invalid_target"


class InvalidClientMetadata(Refusal):
    """A member of the client's metadata is invalid, or contradicts another."""

    code = "invalid_client_metadata"


class InvalidSoftwareStatement(Refusal):
    """The software statement is malformed, not in force, or contradicted by what stands beside it."""

    code = "invalid_software_statement"


class UnapprovedSoftwareStatement(Refusal):
    """The software statement is by nobody, or for nobody, from whom this server takes one."""

    code = "unapproved_software_statement"


class InvalidToken(Refusal):
    """The access token is malformed, expired, not for this resource, or not this sender's."""

    code = "invalid_token"
    default_status = 401


class InsufficientScope(Refusal):
    """The access token is good, but not for this."""

    code = "insufficient_scope"
    default_status = 403


class InvalidDpopProof(Refusal):
    """The DPoP proof is missing, malformed, or no proof for this request."""

    code = "invalid_dpop_proof"


class UseDpopNonce(Refusal):
    """The DPoP proof needs the nonce that comes with this answer, in the header ``DPoP-Nonce``."""

    code = "use_dpop_nonce"


class TemporarilyUnavailable(Refusal):
    """Nothing can be said now, good or bad; the next call may succeed. Answer it with ``Retry-After``.

    RFC 6749 §4.1.2.1 registers the code; RFC 9110 §15.6.4.
    """

    code = "temporarily_unavailable"
    default_status = 503
    retry_after_seconds: int = 1


class TooManyRequests(TemporarilyUnavailable):
    """There is a limit to how often this may be done; the caller may try again after ``Retry-After``.

    RFC 6749 §4.1.2.1 registers the code. retry_after_seconds: whole seconds, at least one.
    """

    default_status = 429

    def __init__(self, rule: Rule, description: str, *, retry_after_seconds: int, **detail: Any) -> None:
        super().__init__(rule, description, retry_after_seconds=retry_after_seconds, **detail)
        self.retry_after_seconds = retry_after_seconds
