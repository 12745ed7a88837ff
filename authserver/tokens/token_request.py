"""The parameters of a token request (RFC 6749 §4.4.2, https://www.rfc-editor.org/rfc/rfc6749)."""

from dataclasses import dataclass

from authserver.endpoints.forms import Form
from sender_constraint.core.errors import InvalidRequest
from sender_constraint.core.rules import enforces, rule

GRANT_TYPE = rule(
    "token-request.grant-type", "RFC 6749 §4.4.2", "The parameter grant_type is missing."
).explained("the parameter grant_type", "no grant_type", "Add grant_type=client_credentials to the body.")


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A well-formed token request.

    scope, resources: None and empty if the client leaves the choice to the server.
    """

    grant_type: str
    scope: str | None
    resources: tuple[str, ...]


@enforces(GRANT_TYPE)
def check_grant_type(form: Form) -> None:
    """RFC 6749 §4.4.2: grant_type is REQUIRED."""
    if "grant_type" not in form:
        raise InvalidRequest(GRANT_TYPE, "grant_type is missing")


def parse_token_request(form: Form) -> TokenRequest:
    """The token request in a form. Raises InvalidRequest."""
    check_grant_type(form)
    return TokenRequest(
        grant_type=form.get("grant_type", ("",))[0],
        scope=form.get("scope", (None,))[0],
        resources=form.get("resource", ()),
    )
