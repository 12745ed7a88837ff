"""The WWW-Authenticate header of a refused request.

RFC 6750, Bearer Token Usage, §3 (https://www.rfc-editor.org/rfc/rfc6750); RFC 9449 §7.1 and §7.2 for DPoP
beside it (https://www.rfc-editor.org/rfc/rfc9449); RFC 9728 §5.1
(https://www.rfc-editor.org/rfc/rfc9728); quoted-string as RFC 9110 §5.6.4
(https://www.rfc-editor.org/rfc/rfc9110).
"""

import re

from sender_constraint.core.errors import Refusal
from sender_constraint.jose.jws import ALGORITHMS
from sender_constraint.resource_server.presentation import NoCredentials, Scheme

# RFC 6750 §3: %x20-21 / %x23-5B / %x5D-7E, the space only between scopes and in descriptions.
_NOT_IN_DESCRIPTION = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")
_NOT_IN_QUOTES = re.compile(r"[^\x20-\x7e]")


def challenges(
    realm: str,
    refusal: Refusal | None = None,
    scope: str | None = None,
    *,
    scheme: Scheme = Scheme.BEARER,
    resource_metadata: str | None = None,
) -> str:
    """The challenges of both schemes, in one header (RFC 9449 §7.2); what was refused stands in the first.

    scheme: that the request used, and whose challenge comes first. The rest as in ``challenge``.
    """
    other = Scheme.DPOP if scheme is Scheme.BEARER else Scheme.BEARER
    first = challenge(realm, refusal, scope, scheme=scheme, resource_metadata=resource_metadata)
    return f"{first}, {challenge(realm, scheme=other, resource_metadata=resource_metadata)}"


def challenge(
    realm: str,
    refusal: Refusal | None = None,
    scope: str | None = None,
    *,
    scheme: Scheme = Scheme.BEARER,
    resource_metadata: str | None = None,
) -> str:
    """The challenge of one scheme for a realm, with the code and description of what was refused.

    resource_metadata: the URL of the resource's metadata (RFC 9728 §5.1).
    refusal: None or NoCredentials where no token was presented: then there is no error code (§3.1).
    scope: space-separated, what the resource needs; for insufficient_scope.
    Raises ValueError for a scope that RFC 6749 §3.3 does not allow, which no request can bring about.
    """
    if scope is not None and _SCOPE.fullmatch(scope) is None:
        raise ValueError("the scope has characters that RFC 6749 §3.3 does not allow")
    parameters = {"realm": _quotable(realm)}
    if refusal is not None and not isinstance(refusal, NoCredentials):
        parameters["error"] = refusal.code
        parameters["error_description"] = _NOT_IN_DESCRIPTION.sub("?", refusal.description)
    if scope is not None:
        parameters["scope"] = scope
    if scheme is Scheme.DPOP:
        parameters["algs"] = " ".join(ALGORITHMS)  # RFC 9449 §7.1
    if resource_metadata is not None:
        parameters["resource_metadata"] = _quotable(resource_metadata)
    return f"{scheme} " + ", ".join(f'{name}="{value}"' for name, value in parameters.items())


def _quotable(text: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", _NOT_IN_QUOTES.sub("?", text))
