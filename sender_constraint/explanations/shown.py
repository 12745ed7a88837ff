"""Values of an event as they may be shown: bounded, on one line, and never what looks like a secret.

The audit trail holds no secrets by construction. Yet a caller may put one where a name belongs, as its
``client_id`` say, and what it presented is quoted: so whatever has a credential's form is left out here.
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
LEFT_OUT = "[looks like a secret: not shown]"


def shown(value: Any) -> str:
    """A value of an event's for people, at most LONGEST characters and a mark that it goes on."""
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
    """A text in quotation marks, so that spaces at its ends are seen."""
    return f"'{shown(text)}'"


def _printable(text: str) -> str:
    """Control characters, and those that turn the direction of writing, as escapes: a terminal obeys them."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
