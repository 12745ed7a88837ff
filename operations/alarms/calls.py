"""Alarms of a calling party: its calls get no response, or it gets no new token.

``calls`` is critical from the first call without a response; ``tokens`` is a warning, since the last token
can be used until it expires. Each has a ``state``: what the caller waits for, or why it was refused. It ends
with the next response, or token.
"""

import threading
from typing import Any, Literal, Protocol

from sender_constraint.certificates.errors import BrokenGeneration, NoGeneration
from sender_constraint.certificates.generations import Generation
from sender_constraint.client.errors import (
    MetadataInvalid,
    ServerRefused,
    TokenRefused,
    TokenUnusable,
    WaitingForCertificate,
    WaitingForStatus,
)
from sender_constraint.client.observer import Call, CallerObserver
from sender_constraint.client.token_source import AccessToken

CALLS, TOKENS = "calls", "tokens"

# The first match; any other exception means that the server is unreachable.
_STATES: tuple[tuple[type[Exception], str], ...] = (
    (WaitingForCertificate, "waiting for a new certificate"),
    (WaitingForStatus, "waiting for certificate status"),
    (ServerRefused, "server refused"),
    (TokenRefused, "token refused"),
    (TokenUnusable, "answer unusable"),
    (MetadataInvalid, "answer unusable"),
    (NoGeneration, "no certificate"),
    (BrokenGeneration, "certificate broken"),
)


class Alarms(Protocol):
    """What raises and clears the alarms: ``operations.alarms.alarms.Alarms``."""

    def raised(self, name: str, level: Literal["warning", "critical"], message: str, **detail: Any) -> None:
        """Raise an alarm, or repeat it."""

    def cleared(self, name: str) -> None:
        """Clear an alarm."""


class CallAlarms(CallerObserver):
    """Observes a caller. Safe among threads and greenlets."""

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._lock = threading.Lock()
        # They may be active from an earlier process.
        self._may_be_up = {CALLS, TOKENS}

    def called(self, call: Call) -> None:
        """Any response that is not a server error ends the alarm."""
        if call.failure is not None:
            self._raise(CALLS, "critical", "Calls get no response", call.failure)
        elif call.status is not None and call.status < 500:
            self._clear(CALLS)

    def token_obtained(self, generation: Generation | None, token: AccessToken) -> None:  # noqa: ARG002 - the observer's
        """Tokens are available."""
        self._clear(TOKENS)

    def token_failed(self, generation: Generation | None, error: Exception) -> None:  # noqa: ARG002 - the observer's
        """No token is available."""
        self._raise(TOKENS, "warning", "No new token is available", error)

    def preparation_failed(self, error: Exception) -> None:
        """The new certificate has no token yet, and is not used until it has."""
        self._raise(TOKENS, "warning", "The new certificate or key is not in use", error)

    def _raise(self, name: str, level: Literal["warning", "critical"], what: str, error: Exception) -> None:
        with self._lock:
            self._may_be_up.add(name)
        self._alarms.raised(name, level, f"{what}: {error}", state=state_of(error))

    def _clear(self, name: str) -> None:
        with self._lock:
            if name not in self._may_be_up:
                return
            self._may_be_up.remove(name)
        self._alarms.cleared(name)


def state_of(error: Exception) -> str:
    """What a caller waits for, or why it was refused, in a few words."""
    return next((state for kind, state in _STATES if isinstance(error, kind)), "unreachable")
