"""The token in a form, about which a caller asks or which it wants revoked.

RFC 7662 §2.1 (https://www.rfc-editor.org/rfc/rfc7662), RFC 7009 §2.1 (https://www.rfc-editor.org/rfc/rfc7009).
``token_type_hint`` is not read: whatever it says, the search goes over all tokens, as both allow.
"""

from authserver.endpoints.forms import Form
from sender_constraint.core.errors import InvalidRequest
from sender_constraint.core.rules import enforces, rule

TOKEN_MISSING = rule("token-parameter.missing", "RFC 7662 §2.1", "The parameter token is missing.").explained(
    "the parameter token", "no token", "Add token=TOKEN to the body."
)


@enforces(TOKEN_MISSING)
def check_token(form: Form) -> None:
    """RFC 7662 §2.1, RFC 7009 §2.1: token is REQUIRED."""
    if "token" not in form:
        raise InvalidRequest(TOKEN_MISSING, "token is missing")


def presented_token(form: Form) -> str:
    """The parameter ``token``. Raises InvalidRequest."""
    check_token(form)
    return form.get("token", ("",))[0]
