"""What the token is good for: ``scope`` (RFC 6749 §3.3, https://www.rfc-editor.org/rfc/rfc6749)."""

from authserver.clients.registered_client import RegisteredClient
from authserver.clients.syntax import is_scope
from sender_constraint.core.errors import InvalidScope
from sender_constraint.core.guidance import Comparison
from sender_constraint.core.rules import enforces, rule

SCOPE_SYNTAX = rule("scope.syntax", "RFC 6749 §3.3", "The scope is malformed.").explained(
    "printable ASCII words separated by single spaces", "{presented}", "Correct the parameter scope."
)
SCOPE_ALLOWED = rule(
    "scope.allowed", "RFC 6749 §5.2", "The scope is unknown, or not allowed for this client."
).explained(
    "all or part of the scope that the client is registered for: {expected}",
    "the scope {presented}",
    "Omit the rest, or have the bank register it for this client.",
    compare=Comparison.NONE_ADDED,
)


@enforces(SCOPE_SYNTAX)
def check_scope_syntax(scope: str) -> None:
    """RFC 6749 §3.3: values of printable ASCII, with single spaces between."""
    if not is_scope(scope):
        raise InvalidScope(SCOPE_SYNTAX, "The scope is malformed", presented=scope[:200])


@enforces(SCOPE_ALLOWED)
def check_scope_allowed(scope: str, client: RegisteredClient) -> None:
    """RFC 6749 §5.2: invalid_scope; unknown and not allowed are one answer."""
    if set(scope.split(" ")).difference(client.scope.split(" ")):
        raise InvalidScope(
            SCOPE_ALLOWED,
            "The scope exceeds the client's registration",
            expected=client.scope,
            presented=scope[:200],
        )


def granted_scope(scope: str | None, client: RegisteredClient) -> str:
    """The scope of the token, each value once; the client's whole scope where it asks for none.

    Raises InvalidScope.
    """
    if scope is None:
        return client.scope
    check_scope_syntax(scope)
    check_scope_allowed(scope, client)
    return " ".join(dict.fromkeys(scope.split(" ")))
