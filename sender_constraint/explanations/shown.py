"""Values of an event, made safe to print: bounded, on one line, and free of secrets.

The audit trail records no secrets. But it quotes what a caller presented, and a caller may send a secret
where a name belongs, such as in ``client_id``: so anything that looks like a credential is left out here.
"""

import re
from collections.abc import Mapping
from typing import Any

LONGEST = 300
MOST_ITEMS = 12

# A JWT or a JWS's header (RFC 7515 §7.1: base64url of '{"'), PEM, and credentials with their scheme's name.
_SECRETS = re.compile(
    r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*"
    r"|-----BEGIN .*"
    r"|\b(?:bearer|basic|dpop)\s+[A-Za-z0-9._~+/=-]{8,}"
    r"|\b(?:client_secret|client_assertion|access_token|password)=[^&\s]+",
    re.IGNORECASE | re.DOTALL,
)
LEFT_OUT = "[removed: looks like a secret]"


def shown(value: Any) -> str:
    """A value of an event for people: at most LONGEST characters, and an ellipsis if there are more."""
    match value:
        case str():
            text = _printable(_SECRETS.sub(LEFT_OUT, value[: 4 * LONGEST]))
        case Mapping():
            items = list(value.items())[:MOST_ITEMS]
            text = "; ".join(f"{shown(str(name))}: {shown(each)}" for name, each in items)
        case list() | tuple():
            text = ", ".join(shown(each) for each in value[:MOST_ITEMS]) or "none"
            if len(value) > MOST_ITEMS:
                text += f" and {len(value) - MOST_ITEMS} more"
        case None:
            text = "none"
        case _:
            text = str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def quoted(text: str) -> str:
    """A text in quotation marks, so that spaces at its ends are visible."""
    return f"'{shown(text)}'"


def _printable(text: str) -> str:
    """Control characters, and those that change the writing direction, as escapes: a terminal obeys them."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
