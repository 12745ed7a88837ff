"""The correlation id: one UUID that travels with a call through every service.

It is the ``x-fapi-interaction-id`` of FAPI (FAPI 1.0 Baseline §6.2.1): taken from the request where it is a
UUID, born where it is not, sent on with every call, and given back in every response.
"""

import uuid

CORRELATION_HEADER = "x-fapi-interaction-id"


def new_correlation_id() -> str:
    """A fresh one."""
    return str(uuid.uuid4())


def is_correlation_id(text: str) -> bool:
    """Whether a text is a UUID in the form of RFC 9562 §4, in small or capital letters."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def accepted_correlation_id(presented: str | None) -> str:
    """The presented one, letter by letter, if it is a UUID (RFC 9562 §4); otherwise a fresh one."""
    return presented if presented and is_correlation_id(presented) else new_correlation_id()
