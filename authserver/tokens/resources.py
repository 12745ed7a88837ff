"""Resource Indicators for OAuth 2.0: where the token is for.

RFC 8707 §2 and §2.2, https://www.rfc-editor.org/rfc/rfc8707. A client may repeat ``resource``; this server
issues tokens for one audience only, as §3 recommends, and refuses a request for more rather than answer
with less than was asked for.
"""

from collections.abc import Sequence

from authserver.clients.registered_client import RegisteredClient
from authserver.clients.syntax import is_absolute_uri
from authserver.tokens.grants import REGISTER
from sender_constraint.core.errors import InvalidTarget
from sender_constraint.core.guidance import Comparison
from sender_constraint.core.rules import enforces, rule

ONE_RESOURCE = rule("resource.one", "RFC 8707 §2.2", "The request is for more than one resource.").explained(
    "one resource", "{presented} resources", "Request one token per resource."
)
RESOURCE_SYNTAX = rule(
    "resource.syntax", "RFC 8707 §2", "The resource is not an absolute URI without a fragment."
).explained("an absolute URI without a fragment", "{presented}", "Set resource to the API's identifier.")
RESOURCE_ALLOWED = rule(
    "resource.allowed", "RFC 8707 §2", "The resource is unknown, or not allowed for this client."
).explained("one of the client's resources: {expected}", "{presented}", REGISTER, compare=Comparison.TEXT)


@enforces(ONE_RESOURCE)
def check_one_resource(resources: Sequence[str]) -> None:
    """RFC 8707 §2.2: one token, one audience."""
    if len(set(resources)) > 1:
        raise InvalidTarget(ONE_RESOURCE, "Request one resource per token", presented=len(resources))


@enforces(RESOURCE_SYNTAX)
def check_resource_syntax(resource: str) -> None:
    """RFC 8707 §2: an absolute URI, which MUST NOT include a fragment component."""
    if not is_absolute_uri(resource):
        raise InvalidTarget(
            RESOURCE_SYNTAX, "resource must be an absolute URI without a fragment", presented=resource[:200]
        )


@enforces(RESOURCE_ALLOWED)
def check_resource_allowed(resource: str, client: RegisteredClient) -> None:
    """RFC 8707 §2: invalid_target, compared exactly; unknown and not allowed are one answer."""
    if resource not in client.resources:
        raise InvalidTarget(
            RESOURCE_ALLOWED,
            "The resource is not allowed for this client",
            expected=list(client.resources),
            presented=resource[:200],
        )


def audience(resources: Sequence[str], client: RegisteredClient) -> str:
    """The resource that the token is for; the client's default where it names none. Raises InvalidTarget."""
    check_one_resource(resources)
    if not resources:
        return client.default_resource
    check_resource_syntax(resources[0])
    check_resource_allowed(resources[0], client)
    return resources[0]
