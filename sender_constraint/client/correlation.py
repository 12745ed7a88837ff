"""The correlation id that travels with a call: a UUID (FAPI 1.0 Baseline §6.2.1)."""

import uuid

CORRELATION_HEADER = "x-fapi-interaction-id"


def new_correlation_id() -> str:
    """A fresh one."""
    return str(uuid.uuid4())
